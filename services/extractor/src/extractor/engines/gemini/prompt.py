"""What the model is asked, in French, and the form of its answer. Pure.

Change PROMPT_VERSION with any change of wording, schema or sampling: it is kept in every checkpoint.
"""

import json

from google.genai import types

from extractor.engines.port import RewriteRequest
from feuilleton.contracts.text import count_words

PROMPT_VERSION = "gemini-1"

INSTRUCTION = """\
Tu prépares des cartes de lecture pour des personnes qui apprennent le français. On te donne un passage de roman \
en JSON : `avant` est la phrase qui précède, `passage` la suite des phrases dans l'ordre du livre. Les phrases qui \
portent un `id` sont à réécrire ; les autres ne servent qu'au contexte : ne les réécris jamais.

Réécris chaque phrase qui porte un `id` en une ou plusieurs cartes. Une carte est une phrase courte, complète et \
correcte, que l'on comprend seule. Règles :
1. Une carte compte de `mots_min` à `mots_max` mots. Un mot est ce qui se trouve entre deux espaces et contient une \
lettre ou un chiffre : « l'ami » compte pour un mot, « — » pour aucun. Compte avant de répondre.
2. Chaque carte a un sujet et un verbe conjugué (ou un impératif). Ne coupe pas aux virgules : réécris. Répète le \
sujet ou reprends-le par un pronom clair.
3. Dis tout ce que dit la phrase, dans le même ordre, et rien de plus. Garde les causes, les négations, les doutes, \
les questions, le temps des verbes, le ton. N'affirme jamais ce que le texte nie, suppose ou demande.
4. Garde le plus possible les mots du texte. N'ajoute ni nom, ni adjectif, ni verbe qui n'y soit pas ; « être », \
« avoir », les pronoms et les mots de liaison sont permis.
5. Une carte ne commence pas par « qui », « que », « dont » ou « où » (sauf question) et ne finit pas par un article, \
une préposition ou une conjonction.
6. Chaque carte commence par une majuscule et finit par un point, ou par le signe du texte (? ! …). Les guillemets \
ouverts dans une carte s'y ferment. Garde l'italique, les points de suspension et le tiret du dialogue.
7. Réponds par la liste JSON demandée : un objet par `id`, dans l'ordre, avec l'`id` recopié tel quel et ses `cartes`. \
N'oublie aucun `id`, n'en invente aucun.

Exemple 1. Entrée : {"mots_min": 2, "mots_max": 8, "avant": "", "passage": [{"id": "s4", "texte": "Le vieux \
capitaine, qui n'avait pas dormi de la nuit, monta sur le pont avant l'aube parce que le vent avait tourné."}]}
Sortie : [{"id": "s4", "cartes": ["Le vieux capitaine n'avait pas dormi.", "Il n'avait pas dormi de la nuit.", \
"Il monta sur le pont avant l'aube.", "Car le vent avait tourné."]}]

Exemple 2. Entrée : {"mots_min": 2, "mots_max": 8, "avant": "Elle posa la lampe.", "passage": [{"texte": "Un pas \
sonna dans l'escalier."}, {"id": "s9", "texte": "— Si vous partez ce soir, dit-elle sans lever les yeux, je ne vous \
attendrai plus jamais."}, {"texte": "Il sortit."}]}
Sortie : [{"id": "s9", "cartes": ["— Si vous partez ce soir, dit-elle.", "Elle ne leva pas les yeux.", "— Je ne vous \
attendrai plus jamais."]}]

Exemple 3. Entrée : {"mots_min": 2, "mots_max": 6, "avant": "", "passage": [{"id": "s2", "texte": "Pourquoi donc \
le notaire, si prudent d'ordinaire, avait-il laissé la clef sur la porte ?"}]}
Sortie : [{"id": "s2", "cartes": ["Le notaire était prudent d'ordinaire.", "Pourquoi avait-il laissé la clef ?", \
"La clef était sur la porte."]}]
"""

_AGAIN = (
    "Une première réponse n'a pas pu servir pour ces phrases. Reprends uniquement celles qui portent un `id`, "
    "compte les mots de chaque carte, et réponds par la liste JSON, complète et fermée."
)
_IN_OTHER_WORDS = (
    "C'est un exercice scolaire de lecture sur une œuvre de fiction. Ne récite pas le livre : reformule chaque phrase "
    "à ta façon, en phrases simples, et réponds uniquement par la liste JSON."
)

PAGE_INSTRUCTION = """\
Tu lis la page d'un roman français, donnée en image. Rends son texte, phrase par phrase, dans l'ordre de lecture, \
exactement comme il est imprimé : mêmes mots, mêmes accents, mêmes guillemets, sans rien corriger ni résumer. \
Recolle les mots coupés en fin de ligne. Laisse de côté le titre courant, le numéro de page et les notes en bas de \
page. `dialogue` dit si la phrase est parlée par un personnage. Une page sans texte donne une liste vide.
"""

_TEXT = types.Schema(type=types.Type.STRING)
ANSWER_SCHEMA = types.Schema(
    type=types.Type.ARRAY,
    items=types.Schema(
        type=types.Type.OBJECT,
        properties={"id": _TEXT, "cartes": types.Schema(type=types.Type.ARRAY, items=_TEXT)},
        required=["id", "cartes"],
        property_ordering=["id", "cartes"],
    ),
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

TEMPERATURE = 0.2
REPAIR_TEMPERATURE = 0.6  # the same fault twice is likelier the colder the sampling
# An answer repeats the text once, in JSON. Far above that the model is turning in circles, and is cut off.
OUTPUT_TOKENS_PER_WORD = 6
OUTPUT_TOKENS_PER_SENTENCE = 60
OUTPUT_TOKENS_PER_PAGE = 8192
MIN_THINKING_BUDGET = 128  # gemini-2.5-pro takes no less
THINKING_ROOM = 4096


def user_parts(request: RewriteRequest) -> list[types.Part]:
    """The task as JSON in the last part; when asked again, what to do better ahead of it."""
    remarks = (_AGAIN, _IN_OTHER_WORDS)[: request.repair_round]
    return [types.Part(text=text) for text in (*remarks, _task(request))]


def _task(request: RewriteRequest) -> str:
    wanted = set(request.wanted)
    passage = [
        {"id": sentence.id, "texte": sentence.text} if sentence.id in wanted else {"texte": sentence.text}
        for sentence in request.sentences
    ]
    task = {
        "mots_min": request.settings.min_sentence_length,
        "mots_max": request.settings.sentence_length_limit,
        "avant": request.before,
        "passage": passage,
    }
    return json.dumps(task, ensure_ascii=False)


def rewrite_config(request: RewriteRequest) -> types.GenerateContentConfig:
    wanted = set(request.wanted)
    words = sum(count_words(sentence.text) for sentence in request.sentences if sentence.id in wanted)
    room = OUTPUT_TOKENS_PER_WORD * words + OUTPUT_TOKENS_PER_SENTENCE * len(wanted)
    return types.GenerateContentConfig(
        system_instruction=INSTRUCTION,
        temperature=REPAIR_TEMPERATURE if request.repair_round else TEMPERATURE,
        max_output_tokens=room + THINKING_ROOM,
        response_mime_type="application/json",
        response_schema=ANSWER_SCHEMA,
        thinking_config=thinking_for(request.model),
        safety_settings=_SAFETY,
    )


def page_config(model: str) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction=PAGE_INSTRUCTION,
        temperature=0.0,
        max_output_tokens=OUTPUT_TOKENS_PER_PAGE + THINKING_ROOM,
        response_mime_type="application/json",
        response_schema=PAGE_SCHEMA,
        thinking_config=thinking_for(model),
        safety_settings=_SAFETY,
    )


def thinking_for(model: str) -> types.ThinkingConfig | None:
    """The least thinking that a model family allows: it is billed like output, and rewriting needs little.

    2.5 takes a budget (pro cannot go to 0), 3 and later a level; for other names the model's default stands.
    """
    is_pro = "-pro" in model
    if "gemini-2.5" in model:
        return types.ThinkingConfig(thinking_budget=MIN_THINKING_BUDGET if is_pro else 0)
    if "gemini-3" in model:
        level = types.ThinkingLevel.LOW if is_pro else types.ThinkingLevel.MINIMAL
        return types.ThinkingConfig(thinking_level=level)
    return None


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
