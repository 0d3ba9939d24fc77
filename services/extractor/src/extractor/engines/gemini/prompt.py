"""Gemini's envelope around what is asked: schema, sampling, thinking; and the instruction for pages. Pure."""

from google.genai import types

from extractor.engines import prompting
from extractor.engines.answers import ROOT
from extractor.engines.port import RewriteRequest

# Change the last figure with any change of schema or sampling.
PROMPT_VERSION = f"gemini-{prompting.RULES_VERSION}.0"

PAGE_INSTRUCTION = """\
Tu lis la page d'un roman français, donnée en image. Rends son texte, phrase par phrase, dans l'ordre de lecture, \
exactement comme il est imprimé : mêmes mots, mêmes accents, mêmes guillemets, sans rien corriger ni résumer. \
Recolle les mots coupés en fin de ligne. Laisse de côté le titre courant, le numéro de page et les notes en bas de \
page. `dialogue` dit si la phrase est parlée par un personnage. Une page sans texte donne une liste vide.
"""

_TEXT = types.Schema(type=types.Type.STRING)
_CARDS_OF_ONE = types.Schema(
    type=types.Type.OBJECT,
    properties={"id": _TEXT, "cartes": types.Schema(type=types.Type.ARRAY, items=_TEXT)},
    required=["id", "cartes"],
    property_ordering=["id", "cartes"],
)
ANSWER_SCHEMA = types.Schema(
    type=types.Type.OBJECT,
    properties={ROOT: types.Schema(type=types.Type.ARRAY, items=_CARDS_OF_ONE)},
    required=[ROOT],
)
PAGE_SCHEMA = types.Schema(
    type=types.Type.ARRAY,
    items=types.Schema(
        type=types.Type.OBJECT,
        properties={"texte": _TEXT, "dialogue": types.Schema(type=types.Type.BOOLEAN)},
        required=["texte", "dialogue"],
        property_ordering=["texte", "dialogue"],
    ),
)

_TOKENS_PER_PAGE = 8192
_ROOM_TO_THINK = 12_288  # over the room of every request
MIN_THINKING_BUDGET = 128  # gemini-2.5-pro takes no less
_TAKE_MINIMAL_THINKING = ("flash-lite", "gemini-3-flash", "gemini-3.5-flash")


def user_parts(request: RewriteRequest) -> list[types.Part]:
    """The task as JSON in the last part; when asked again, what to do better ahead of it."""
    return [types.Part(text=text) for text in prompting.user_texts(request)]


def rewrite_config(request: RewriteRequest) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction=prompting.INSTRUCTION,
        temperature=temperature_of(request),
        max_output_tokens=prompting.output_room(request) + _extra_room(request.model),
        response_mime_type="application/json",
        response_schema=ANSWER_SCHEMA,
        thinking_config=thinking_for(request.model),
        safety_settings=_SAFETY,
    )


def page_config(model: str) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction=PAGE_INSTRUCTION,
        temperature=None if "gemini-3" in model else 0.0,
        max_output_tokens=_TOKENS_PER_PAGE + prompting.THINKING_ROOM,
        response_mime_type="application/json",
        response_schema=PAGE_SCHEMA,
        thinking_config=thinking_for(model),
        safety_settings=_SAFETY,
    )


def thinking_for(model: str) -> types.ThinkingConfig | None:
    """The least thinking that a model family allows: it is billed like output, and rewriting needs little.

    2.5 takes a budget (pro cannot go to 0), 3 a level, and there only some take MINIMAL: for the others it is an error.
    For names unknown here the model's default stands.
    """
    if "gemini-2.5" in model:
        return types.ThinkingConfig(thinking_budget=MIN_THINKING_BUDGET if "-pro" in model else 0)
    if "gemini-3" in model:
        takes_minimal = any(family in model for family in _TAKE_MINIMAL_THINKING)
        level = types.ThinkingLevel.MINIMAL if takes_minimal else types.ThinkingLevel.LOW
        return types.ThinkingConfig(thinking_level=level)
    return None


def _extra_room(model: str) -> int:
    """What a model may think that cannot be kept from it; cut off there, the whole call was paid for nothing."""
    thinking = thinking_for(model)
    return 0 if thinking is not None and thinking.thinking_level is not types.ThinkingLevel.LOW else _ROOM_TO_THINK


def temperature_of(request: RewriteRequest) -> float | None:
    """None for Gemini 3: it is made for its default, and later ones of it take no other."""
    return None if "gemini-3" in request.model else prompting.temperature_for(request)


# A novel holds murders and insults; only what the service blocks whatever we ask stays blocked.
_SAFETY = [
    types.SafetySetting(category=category, threshold=types.HarmBlockThreshold.BLOCK_NONE)
    for category in (
        types.HarmCategory.HARM_CATEGORY_HARASSMENT,
        types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
        types.HarmCategory.HARM_CATEGORY_SEXUALLY_EXPLICIT,
        types.HarmCategory.HARM_CATEGORY_DANGEROUS_CONTENT,
    )
]
