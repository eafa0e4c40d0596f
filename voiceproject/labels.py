"""The names of records and of their columns, in the language of who reads them.

A model says them in plain English: Django keeps them in its migrations, and a column without a name is called what its
attribute is called. All of them become texts to be translated once the models are loaded, which no migration notices.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Field, Model
from django.utils.translation import gettext_lazy, override


def translate_labels() -> None:
    """Every name, and what stands below a column in a form, is looked up whenever it is shown."""
    with override(None, deactivate=True):
        for thing, name in _labels():
            if text := str(getattr(thing, name)):
                setattr(thing, name, gettext_lazy(text))


def label_texts() -> list[str]:
    """What there is to translate: names of all records, and what the administration shows of their columns."""
    shown = (
        (thing, name)
        for thing, name in _labels()
        if not isinstance(thing, Field) or admin.site.is_registered(thing.model)
    )
    with override(None, deactivate=True):
        return [text for thing, name in shown if (text := str(getattr(thing, name)))]


def _labels() -> Iterator[tuple[Any, str]]:
    """Each thing that has a name, and the attribute in which it has it. The plural first: it is made of the other."""
    for model in own_models():
        options = model._meta
        yield from ((options, "verbose_name_plural"), (options, "verbose_name"))
        for field in (*options.local_fields, *options.local_many_to_many):
            yield from ((field, "verbose_name"), (field, "help_text"))


def own_models() -> list[type[Model]]:
    own = [config for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR]
    return [model for config in own for model in config.get_models()]
