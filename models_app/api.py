from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from models_app import covers
from models_app.blending import blend
from models_app.exports import serve_export
from models_app.finding import ORDERS, Wish, find
from models_app.indexes import remove_index, replace_index
from models_app.models import FavouriteVoice, Visibility, VoiceCheck, VoiceModel
from models_app.previews import serve_preview
from models_app.serializers import (
    BlendSerializer,
    CoverSerializer,
    EventSerializer,
    IndexSerializer,
    NewVoiceSerializer,
    VoiceSerializer,
)
from voiceproject.api import SOUND, AnyAccept, NewestFirst
from voiceproject.files import BINARY
from voiceproject.once import Once
from voiceproject.parsers import JSONParser, MultiPartParser

DOWNLOAD = extend_schema(
    responses={(200, BINARY): OpenApiResponse(OpenApiTypes.BINARY, "The file, as an attachment.")},
)
PICTURE = extend_schema(responses={(200, covers.MEDIA_TYPE): OpenApiResponse(OpenApiTypes.BINARY, "512 × 512, WebP.")})
FILTERS = [
    OpenApiParameter("search", str, description="Words in its name, description, tags or the name of its owner."),
    OpenApiParameter("tag", str, description="One tag that it has."),
    OpenApiParameter("language", str, description="A language code; en finds en-GB too."),
    OpenApiParameter("mine", bool, description="Only yours (true), only others' (false)."),
    OpenApiParameter("favourite", bool, description="Only those with your star (true)."),
    OpenApiParameter("visibility", str, enum=Visibility.values, description="Who may use it."),
    OpenApiParameter("order", str, enum=list(ORDERS), description="new, name or used; new when left out."),
]
FAVOURITE = {"true": "favourites", "1": "favourites", "false": "", "0": ""}
MINE = {"true": "mine", "1": "mine", "false": "shared", "0": "shared"}
KNOWN = {"mine": MINE, "favourite": FAVOURITE, "visibility": Visibility.values, "order": ORDERS}


class AsWished(NewestFirst):
    """Pages by position in the order that was asked for."""

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[Any, ...]:
        order = request.query_params.get("order", "new")
        return {"name": ("name", "id"), "used": ("-use_count", "id")}.get(order, tuple(self.ordering))

    def fits(self, request: Request, position: str) -> bool:
        match request.query_params.get("order"):
            case "name":
                return "\0" not in position
            case "used":
                return position.isdecimal() and len(position) < 10
        return super().fits(request, position)


def wish_of(request: Request) -> Wish:
    """What the address asks for; a word that a filter does not know is refused by its name."""
    asked = {name: request.query_params.get(name, "").replace("\0", "") for name in ("search", "tag", "language")}
    chosen = {name: request.query_params[name] for name in KNOWN if name in request.query_params}
    chosen |= {name: chosen[name].lower() for name in ("mine", "favourite") if name in chosen}  # Python says True
    for name, word in chosen.items():
        if word not in KNOWN[name]:
            raise exceptions.ValidationError({name: f"This must be one of {', '.join(KNOWN[name])}."})
    whose = MINE.get(chosen.get("mine", ""), "")
    starred = bool(FAVOURITE.get(chosen.get("favourite", "")))
    return Wish(**asked, whose=whose, starred=starred, visibility=chosen.get("visibility", ""))


class VoiceViewSet(
    Once,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[VoiceModel],
):
    """Your voices, those shared with you, and those that everyone on this server may use."""

    queryset = VoiceModel.objects.none()
    serializer_class = VoiceSerializer
    pagination_class = AsWished
    parser_classes = (MultiPartParser, JSONParser)
    http_method_names = ("get", "post", "put", "patch", "delete", "head", "options")

    @property
    def person(self) -> User:
        """Who asks; nobody gets here without having signed in."""
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[VoiceModel]:
        voices: QuerySet[VoiceModel]
        if self.action == "list":
            voices = find(self.person, wish_of(self.request))
        elif self.action in ("pth", "safetensors", "index", "onnx"):
            voices = VoiceModel.objects.exportable_by(self.person)
        elif self.action in ("retrieve", "preview", "cover", "favourite", "delete_favourite"):
            voices = VoiceModel.objects.visible_to(self.person)
        else:
            voices = VoiceModel.objects.editable_by(self.person)
        voices = voices.annotate(starred=FavouriteVoice.objects.of(self.person))
        return voices.select_related("owner", "consent_by").prefetch_related("tags", "people", "groups")

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Yours, those shared with you, and everyone's."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request={"multipart/form-data": NewVoiceSerializer}, responses={201: VoiceSerializer})
    def create(self, request: Request) -> Response:
        """Upload a voice. It is checked at once; nothing is kept of a file that is not a voice."""
        serializer = NewVoiceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self._made(serializer.save(owner=self.person, by=self.person))

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is said about it, and who may use it."""
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return Response(self.get_serializer(serializer.save()).data)

    def perform_destroy(self, instance: VoiceModel) -> None:
        instance.remove(self.person)

    @extend_schema(request=BlendSerializer, responses={201: VoiceSerializer})
    @action(detail=False, methods=["post"])
    def blend(self, request: Request) -> Response:
        """Make a new voice of two. Both must be yours to export; it has no index and only you see it."""
        serializer = BlendSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        wish = serializer.validated_data
        name = wish.get("name", "")
        made = blend(wish["first"], wish["second"], wish["share"], by=self.person, owner=self.person, name=name)
        return self._made(made)

    def _made(self, voice: VoiceModel) -> Response:
        location = self.reverse_action("detail", args=[voice.pk])
        return Response(self.get_serializer(voice).data, status.HTTP_201_CREATED, headers={"Location": location})

    @extend_schema(request=None, responses={202: VoiceSerializer})
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Have it tried once more and its preview made anew; `state` tells when a worker has done it."""
        voice = self.get_object()
        VoiceCheck.objects.ask(voice, by=self.person)
        return Response(self.get_serializer(voice).data, status.HTTP_202_ACCEPTED)

    @extend_schema(responses=EventSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def events(self, request: Request, pk: str) -> Response:
        """Who did what to it when, newest first, at most 200 lines; for its owner."""
        return Response(EventSerializer(self.get_object().events.all()[:200], many=True).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["put"])
    def favourite(self, request: Request, pk: str) -> Response:
        """Give it your star, which nobody else sees."""
        FavouriteVoice.objects.put(self.person, self.get_object(), starred=True)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None})
    @favourite.mapping.delete
    def delete_favourite(self, request: Request, pk: str) -> Response:
        """Take your star away."""
        FavouriteVoice.objects.put(self.person, self.get_object(), starred=False)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @PICTURE
    @action(detail=True, content_negotiation_class=AnyAccept)
    def cover(self, request: Request, pk: str) -> HttpResponseBase:
        """Its picture; 404 without one."""
        return covers.serve_cover(request._request, self.get_object())

    @extend_schema(request={"multipart/form-data": CoverSerializer}, responses=VoiceSerializer)
    @cover.mapping.put
    def put_cover(self, request: Request, pk: str) -> Response:
        """Give it a picture. It is decoded, cut square and written anew."""
        voice = self.get_object()
        voice.show_cover(self.person, covers.check(self._file(CoverSerializer, "cover")))
        return Response(self.get_serializer(voice).data)

    @extend_schema(request=None, responses={204: None})
    @cover.mapping.delete
    def delete_cover(self, request: Request, pk: str) -> Response:
        """Take its picture away."""
        self.get_object().show_cover(self.person, None)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request={"multipart/form-data": IndexSerializer}, responses=VoiceSerializer)
    @action(detail=True, methods=["put"], url_path="index", url_name="index-file")
    def put_index(self, request: Request, pk: str) -> Response:
        """Give it another index. It is checked first; the old one is kept when it is refused."""
        voice = self.get_object()
        replace_index(voice, self._file(IndexSerializer, "index"), self.person)
        return Response(self.get_serializer(voice).data)

    @extend_schema(request=None, responses={204: None})
    @put_index.mapping.delete
    def delete_index(self, request: Request, pk: str) -> Response:
        """Take its index away."""
        remove_index(self.get_object(), self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _file(self, kind: Any, name: str) -> Any:
        serializer = kind(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data[name]

    @SOUND
    @action(detail=True, content_negotiation_class=AnyAccept)
    def preview(self, request: Request, pk: str) -> HttpResponseBase:
        """A sentence in this voice; 404 until it is made."""
        return serve_preview(request._request, self.get_object())

    @DOWNLOAD
    @action(detail=True, url_path="export/pth", content_negotiation_class=AnyAccept)
    def pth(self, request: Request, pk: str) -> HttpResponseBase:
        """The voice as RVC WebUI and Applio open it; for its owner and for staff."""
        return serve_export(self.get_object(), "pth", self.person)

    @DOWNLOAD
    @action(detail=True, url_path="export/safetensors", content_negotiation_class=AnyAccept)
    def safetensors(self, request: Request, pk: str) -> HttpResponseBase:
        """The voice as it is kept here; for its owner and for staff."""
        return serve_export(self.get_object(), "safetensors", self.person)

    @DOWNLOAD
    @action(detail=True, url_path="export/onnx", content_negotiation_class=AnyAccept)
    def onnx(self, request: Request, pk: str) -> HttpResponseBase:
        """The voice as a graph for programs with onnxruntime, in w-okada's layout; for its owner and for staff."""
        return serve_export(self.get_object(), "onnx", self.person)

    @DOWNLOAD
    @action(detail=True, url_path="export/index", content_negotiation_class=AnyAccept)
    def index(self, request: Request, pk: str) -> HttpResponseBase:
        """The index as faiss opens it, 404 without one; for the owner and for staff."""
        return serve_export(self.get_object(), "index", self.person)
