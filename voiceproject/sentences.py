"""What the library, the engines and the workers say in English, in the language of whoever reads a page.

They know no translations, and the rows of jobs, the API and the logs keep their sentences. Each of them was made of a
template, so that a page finds the template again, and with it the translation and the values.
"""

import re
from functools import cache

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

SENTENCES = (
    # jobs
    _("This machine has too little memory for it. Try a shorter recording."),
    _("Something went wrong in the worker. The administrators find it in the log under {reference}."),
    _("The worker stopped unexpectedly every time it worked on this. The administrators find it under {reference}."),
    _("This took longer than the {minutes} minutes that one job may take."),
    _("The server has no room left for this. Try again later."),
    _("The server has no room left for this file."),
    _("The server cannot write to its disk. Try again later."),
    _("The server's storage does not answer. Try again in a moment."),
    _("The server's storage refuses the server. Its administrators have to look after it."),
    _("The conversion was cancelled."),
    _("It was cancelled."),
    # conversions
    _("The recording is not in storage any more: send it once more."),
    _("The files that were sent are not in storage any more: send them once more."),
    _("The index of the voice was changed meanwhile: convert once more."),
    _("A file of the voice {voice} is not in storage any more: bring the voice once more, or choose another."),
    _("The voice {voice} was deleted."),
    _("The voice {voice} is not shared with you any more."),
    _("The stored voice is missing or damaged; add its file again."),
    _("Nobody has said yet at which pitch this voice usually speaks: its owner can, or choose the shift yourself."),
    _("This voice does not follow pitch: there is none to bring the recording to."),
    _("{name} is not installed ({purpose}): run {command}."),
    # recordings
    _("The recording is empty: it has 0 bytes."),
    _("The recording is larger than {size} MiB."),
    _("The recording has a sampling rate of {rate} Hz; {low} to {high} Hz is accepted."),
    _("The recording has {channels} channels; 1 to {most} channels are accepted."),
    _("The recording is longer than {minutes} minutes: cut it into shorter parts."),
    _("The recording is longer than {seconds} s: cut it into shorter parts."),
    _("The recording is shorter than {milliseconds} ms."),
    _("The recording is damaged: {why}."),
    _("The file is not a recording that can be read: {why}."),
    # what a conversion did otherwise than was asked
    _("The recording is silent."),
    _("No pitch was found in the recording."),
    _("Too little pitch was found to bring it to that of the voice."),
    _("The result was lowered to a peak of 0.99."),
    _("This processor has no bfloat16: the result is exact, and not faster."),
    _("This voice has no index: index rate and protect have no effect."),
    _("This voice does not follow pitch: the pitch shift has no effect."),
    _("An ONNX voice computes in the precision it was exported with: fast changes nothing."),
    # options
    _("{name} must be a number."),
    _("{name} must be a whole number."),
    _("{name} must be one of {choices}."),
    _("{name} must be between {low} and {high}."),
    # files of voices
    _("This is not a voice file (.pth) but {kind}."),
    _("This is not an RVC voice: it seems to be {kind}."),
    _("The file holds more than data ({detail}), so it was not opened; it may be hostile."),
    _("The file is damaged or was not written by torch: {detail}."),
    _("The file is larger than {size} MiB."),
    _("The file is larger than {size} MB."),
    _("The file is empty."),
    _("The zip holds no voice: {listed}."),
    _("The zip cannot be taken: {detail}."),
    _("The voice's config cannot be used: {detail}."),
    _("The index file is empty."),
    _("The index file ends too early; it may be incomplete."),
    _("The index holds vectors of width {width}, but {wanted} is needed for this voice."),
    _("This index cannot be used: {detail}."),
    _("This picture cannot be read: use a PNG, JPEG, WebP or GIF."),
    _("This address cannot be used: {why}."),
    _("The other side failed: {why}. Try again later."),
    _("The other side failed: {why}."),
    # texts
    _("The text has {count} characters; at most {most} are spoken at once."),
    _("SSML is not understood by the engines here: send the words alone, without <speak> and other marks."),
    _("There is nothing in this text that can be said."),
    _("No offline engine of speech can be used here: name one that works, as GET /api/engines/ tells."),
    _("Spoken, the text is longer than {minutes} minutes: send it in parts, or at a quicker rate."),
    _("A document is plain text (.txt), Markdown (.md) or an EPUB: save it as one of these."),
    _("The document has {count} characters; at most {most} are taken at once."),
    _("The document is not in UTF-8 (byte {place}): save it in that encoding."),
    _("This is no text: there are zeros in it."),
    _("The document is empty."),
    _("The document is larger than {size} MB."),
    _("The document took too much time or memory to read."),
    _("The EPUB cannot be read: {why}."),
    _("There is nothing in this document that can be said."),
    # pretrained files: what each is for
    _("Content encoder of the starter voice"),
    _("Content encoder of nearly all community voices (v1 and v2)"),
    _("Content encoder of voices trained with {name}"),
    _("Pitch estimator, the usual choice for RVC"),
    _("Pitch estimator, fast"),
    _("Pitch estimator, slow and exact on clean sounds"),
    _("Pitch estimator, the small CREPE"),
    _("Voice for speaking texts: English, natural, for the engine piper"),
    _("Network and voices for speaking texts: English, natural, for the engine kokoro"),
    # engines: why one cannot be used
    _("The package {name} is missing: run `python3 run.py`."),
    _("It is off on this server: its operator sets {settings}. The text goes to OpenAI, or to {address}."),
    _("It is off on this server: its operator sets {settings}. The text goes to {company}."),
    _("{setting} holds signs that no key has."),
    _("AZURE_SPEECH_REGION is no region, like westeurope."),
    _("It has no voice: run `{command}`, or put {files} into {folder}."),
    _("Its files are missing: run `{command}`, or put {files} into {folder}."),
    # engines: what became of a text
    _("Nothing could be said of “{words}”."),
    _("{engine} could not speak, {other} did: {sentence}"),
    _("None of the engines could say this. {sentence}"),
    _("There is no engine {name}; there is {known}."),
    _("No engine of speech was chosen."),
    _("{engine} does not speak the language {language}."),
    _("{engine} has no speaker {name}."),
    _("The engine gave up on this text."),
    _("The engine took longer than {seconds} seconds."),
    _("The engine said nothing that can be heard."),
    _("The engine said far more than it was given."),
    _("This voice knows no sound for this text."),
    _("{service} has too much to do, or counts what we ask. Try later."),
    _("{service} refused: it answered {status}."),
    _("{service} answered with something else than was asked for."),
    _("{service} sent something that is no sound."),
)
"""Those that people meet, the longer first where one begins like another. All others stay as they are."""
REASONS = (
    # recordings
    _("its first bytes are those of no kind of recording we know"),
    _("it is a zip archive"),
    _("it is a program"),
    _("it is a PDF"),
    _("it is a playlist"),
    _("it is a Git LFS pointer, the recording itself was not downloaded"),
    _("it is a web page or another text"),
    _("{format} files are not accepted"),
    _("no sound was found in it"),
    _("it has no sound track"),
    _("sound coded as {codec} is not accepted"),
    _("decoding it failed or took too long"),
    _("it ends before its declared length"),
    _("its sound cannot be decoded"),
    _("its header makes no sense"),
    _("its sound track is empty"),
    _("its sampling rate or channels change on the way"),
    _("it holds samples that are not sound (infinite, not a number, or far above full scale)"),
    # kinds of files
    _("a web page: the download was not the file itself"),
    _("a Git LFS pointer: fetch the file it points to"),
    _("a search index"),
    _("a recording"),
    _("an archive"),
    _("something else"),
    _("something else that torch saved"),
    _("a checkpoint of training (G_….pth or D_….pth); export the small voice file for inference from it"),
    _("the discriminator of a training run (D_….pth)"),
    _("the RMVPE pitch model"),
    _("the CREPE pitch model"),
    _("a HuBERT content encoder"),
    _("weights without their config"),
    # zips, voices and indexes
    _("it is empty"),
    _("it asks for a password; pack it without one"),
    _("it holds more than {count} files"),
    _("its table of contents is missing, far too long, or damaged"),
    _("reading it took too much time or memory"),
    _("{name} is a zip as well; unpack that one first, or leave it out"),
    _("{name} is another zip; unpack that one first"),
    _("{name} is packed in an unusual way"),
    _("{name} cannot be unpacked"),
    _("no readable directory; it may be incomplete"),
    _("it ends too early"),
    _("it holds no vectors; upload the file whose name starts with added_, not trained_"),
    _("it was never trained"),
    # addresses
    _("it has to begin with https://"),
    _("its host is no full name"),
    _("its host cannot be read"),
    _("this server does not import from {host}"),
    _("it leads into a private network"),
    _("it is not on the server that the operator named"),
    _("it is longer than {count} characters"),
    _("spaces, backslashes and control characters have no place in it"),
    _("leave out the # and what follows it"),
    # other servers
    _("it answered {status}"),
    _("it took longer than {seconds} seconds"),
    _("it said nothing for {seconds} seconds"),
    _("it redirects to nowhere"),
    _("its certificate is not good ({why})"),
    _("no connection to {host} ({why})"),
    _("the connection broke ({why})"),
    # the last, as others begin like it
    _("it is {kind}"),
)
"""What stands within those as {why}, {detail}, {kind} or {listed}, as one reason and no list."""
WITHIN = frozenset({"why", "detail", "kind", "listed"})
LED = re.compile(r"([\w() -]{1,40}|[A-Z_]{1,40}): (.+)", re.DOTALL)
"""A sentence with the name of an engine or a setting before it."""
NEXT = re.compile(r"(?<=\.) (?=[a-z0-9]+: )")
"""Between what several engines said."""
PLACE = re.compile(r"\\\{(\w+)\\\}")


def told(sentence: str) -> str:
    """The sentence in the language of the page; as it is where no template is known or it was translated already."""
    if (get_language() or "en").startswith("en"):
        return sentence
    for template, pattern in _patterns(SENTENCES):
        if match := pattern.fullmatch(sentence):
            return gettext(template).format(**{name: _value(name, text) for name, text in match.groupdict().items()})
    led = LED.fullmatch(sentence)
    return f"{led[1]}: {told(led[2])}" if led else sentence


def reason(words: str) -> str:
    """What ends a sentence, or stands within one, in the language of the page."""
    if (get_language() or "en").startswith("en"):
        return words
    for template, pattern in _patterns(REASONS):
        if match := pattern.fullmatch(words):
            values = {name: _value(name, text) for name, text in match.groupdict().items()}
            unknown = "kind" in values and values["kind"] == match["kind"]  # half a reason would stay English
            return words if unknown else gettext(template).format(**values)
    return words


def _value(name: str, text: str) -> str:
    if name == "sentence":
        return " ".join(map(told, NEXT.split(text)))
    if name == "purpose":
        return told(text)
    return reason(text) if name in WITHIN else text


@cache
def _patterns(templates: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((text, re.compile(PLACE.sub(r"(?P<\1>.+?)", re.escape(text)), re.DOTALL)) for text in templates)
