"""What the parsers are shown in place of the author's words, one word for each.

They were trained on newspapers, which hardly know the passé simple, 'je', 'tu' and 'vous': they take 'entra' for a noun
and 'Tu dois' for an article. So they are shown 'il doit' and 'il entrait', and cards keep what the author wrote.
"""

from collections.abc import Sequence

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms

_SPEAKERS = {norm: who for norm, who in fr.SUBJECT_PRONOUNS.items() if who[0] in {"1", "2"}}
_SPEAKERS_BEHIND = {f"-{norm}": who for norm, who in _SPEAKERS.items()}
# 'Asseyez-vous' is an order where nothing is asked.
_ORDERED = frozenset({"-nous", "-vous"})
_REFLEXIVES = {
    ("1", "s"): frozenset({"me", "m'"}),
    ("2", "s"): frozenset({"te", "t'"}),
    ("1", "p"): frozenset({"nous"}),
    ("2", "p"): frozenset({"vous"}),
}
_VOWELS = "aeéèêiîoôuyh"
_ELIDED = {"ne": "n'", "me": "m'", "te": "t'", "se": "s'", "le": "l'", "la": "l'", "que": "qu'"}
_UNELIDED = {elided: word for word, elided in _ELIDED.items() if word != "la"}


def shown(
    words: Sequence[str], spaces: Sequence[bool], forms: Forms, *, asks: bool = False
) -> tuple[list[str], list[bool]]:
    """Words and whether a space follows each, with speakers told of as third persons and the passé simple as imparfait.
    Subjunctives stay. `words` have straight apostrophes; `asks`: a question mark follows.
    """
    told = _Told(words, spaces, forms, asks=asks)
    for at in range(len(words)):
        told.tell_speaker(at)
        told.tell_speaker_behind(at)
    told.tell_other_verbs()
    told.elide()
    return told.words, told.spaces


class _Told:
    def __init__(self, words: Sequence[str], spaces: Sequence[bool], forms: Forms, *, asks: bool) -> None:
        self._asks = asks
        self.words, self.spaces = list(words), list(spaces)
        self._norms = [word.lower() for word in words]
        self._forms = forms
        self._done: set[int] = set()
        self._speaker: tuple[str, str] | None = None

    def tell_speaker(self, at: int) -> None:
        """'je me lève' is 'il se lève'."""
        speaker = _SPEAKERS.get(self._norms[at])
        if speaker is None or at in self._done:
            return
        verb = at + 1
        while verb < len(self.words) and self._norms[verb] in fr.NE | fr.OBJECT_CLITICS:
            verb += 1
        third = self._forms.third_person(self._norms[verb], *speaker) if verb < len(self.words) else None
        turned = verb + 1 < len(self.words) and self._norms[verb + 1] == f"-{self._norms[at]}"
        if third is None or turned:
            return
        self._put(at, "il" if speaker[1] == "s" else "ils")
        for clitic in range(at + 1, verb):
            if self._norms[clitic] in _REFLEXIVES[speaker]:
                self._put(clitic, "s'" if clitic == verb - 1 and third[0] in _VOWELS else "se")
        self._put(verb, third)
        self._speaker = speaker

    def tell_speaker_behind(self, at: int) -> None:
        """'dis-je' is 'dit-il', 'vous souvenez-vous' 'se souvient-il'; 'asseyez-vous' stays."""
        speaker = _SPEAKERS_BEHIND.get(self._norms[at])
        third = self._forms.third_person(self._norms[at - 1], *speaker) if speaker is not None and at else None
        if speaker is None or third is None or (self._norms[at] in _ORDERED and not self._asks):
            return
        if at > 1 and self._norms[at - 2] in _REFLEXIVES[speaker]:
            self._put(at - 2, "se")
        self._put(at - 1, third)
        self.spaces[at - 1] = False
        self._put(at, "-ils" if speaker[1] == "p" else "-il" if third[-1] in "dt" else "-t-il")
        self._speaker = speaker

    def tell_other_verbs(self) -> None:
        """'puis sortis' behind 'je pris' is 'puis sortait'; a passé simple of the third person is an imparfait."""
        for at, norm in enumerate(self._norms):
            if at in self._done:
                continue
            third = None if self._speaker is None else self._forms.only_of(norm, *self._speaker)
            self.words[at] = third or self._forms.in_imperfect(self.words[at])

    def elide(self) -> None:
        """'n'' before a consonant and 'ne' before a vowel, where the word behind is another now."""
        for at, (word, norm) in enumerate(zip(self.words[:-1], self._norms[1:], strict=True)):
            following = self.words[at + 1].lower()
            if following == norm and word.lower() == self._norms[at]:
                continue
            table = _ELIDED if following[0] in _VOWELS else _UNELIDED
            fitting = table.get(word.lower())
            if fitting is not None:
                self.words[at] = fitting.capitalize() if word[:1].isupper() else fitting
                self.spaces[at] = not fitting.endswith("'")

    def _put(self, at: int, word: str) -> None:
        elided = self.words[at].endswith("'")
        self.words[at] = word.capitalize() if self.words[at][:1].isupper() else word
        self.spaces[at] = not word.endswith("'") and (self.spaces[at] or elided)
        self._done.add(at)
