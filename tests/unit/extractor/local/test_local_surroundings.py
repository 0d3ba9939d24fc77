"""What the whole source says against a card: each rule by a sentence that an independent reader refused."""

from dataclasses import replace

import pytest

from extractor.engines.local.confidence import is_strict
from extractor.engines.local.forms import Forms, load_forms
from extractor.engines.local.refusals import objections_to
from extractor.engines.local.segments import split_segments
from extractor.engines.local.surroundings import Surroundings, marks
from extractor.engines.local.words import split_words
from extractor.lexicon import french


@pytest.fixture(scope="module")
def known() -> Forms:
    return load_forms(french())


def place(source: str, card: str, forms: Forms) -> Surroundings:
    """The words of `card` where they stand in `source`."""
    begin = source.index(card)
    end = begin + len(card)
    for segment in split_segments(split_words(source), forms):
        own = tuple(word for word in segment.words if begin <= word.begin and word.end <= end)
        if own:
            return Surroundings(source, own, segment, forms)
    raise AssertionError(f"no segment of {source!r} holds {card!r}")


REFUSED = [
    ("nobody_says_it", "Il la serrait, comme pour dire : « Je suis à toi ! »", "Je suis à toi"),
    ("nobody_says_it", "D'un regard qui semblait dire : « Tu arriveras. »", "Tu arriveras"),
    ("is_supposed", "Je pense que si elle avait quelques doutes… elle ne les a plus.", "elle ne les a plus"),
    ("is_feared", "Elle avait peur de Charles ; il savait tout.", "il savait tout"),
    ("is_one_of_two", "Il est parti en voyage, ou il doit partir.", "Il est parti en voyage"),
    ("follows_order", "Rendez ma lettre, et je sauve le baron.", "je sauve le baron"),
    ("cuts_name", "Le lendemain, M. Weldon tomba à terre.", "Weldon tomba à terre"),
    ("opens_as_fragment", "Il raconta sa fuite ; comment il avait retrouvé Dingo.", "comment il avait retrouvé Dingo"),
    ("says_it_of_pronouns", "Il fallait jouer son père ; il le joua.", "il le joua"),
    ("points_elsewhere", "Il avala le sien d'un seul trait.", "Il avala le sien d'un seul trait"),
    ("hides_thing", "Il en refusa plusieurs cadeaux ; elle insista.", "Il en refusa plusieurs cadeaux"),
    ("drops_truth", "Au Palais, seulement, on se souvenait de lui.", "on se souvenait de lui"),
    ("cuts_list", "Ils examinèrent ses robes, le linge, le cabinet.", "Ils examinèrent ses robes, le linge"),
    ("ends_cleft", "Ce qui le séduisait, c'était le chic.", "c'était le chic"),
    ("misses_member", "Elle disait, comme hier, que tout allait bien.", "Elle disait, comme hier"),
    (
        "is_asked",
        "Elle est vraiment Irlandaise, dites-vous ? Mais elle parle français.",
        "Elle est vraiment Irlandaise",
    ),
    ("is_reported_behind", "Le garçon était simple, à ce que disaient ses parents.", "Le garçon était simple"),
    ("happens_whenever", "Quand il la voyait, elle pleurait en cachette.", "elle pleurait en cachette"),
    ("is_limited_later", "Je ne vois rien de plus beau, quand je la vois.", "Je ne vois rien de plus beau"),
    ("announces", "Elle murmura deux fois de suite : « Alexandre »", "Elle murmura deux fois de suite"),
    (
        "tells_one_of_pair",
        "Tantôt j'évoque mes souvenirs, et je me dis que tout passe.",
        "Tantôt j'évoque mes souvenirs",
    ),
    (
        "tells_one_of_pair",
        "Les uns célébraient ses grâces, et d'autres se taisaient.",
        "Les uns célébraient ses grâces",
    ),
    ("tells_one_of_pair", "Je n'ai pas eu la première, je n'ai plus la seconde.", "je n'ai plus la seconde"),
    (
        "opens_subordinate",
        "Il se levait, lorsqu'un valet entra en grande hâte.",
        "lorsqu'un valet entra en grande hâte",
    ),
    ("opens_subordinate", "Il fit halte, ainsi que cela avait été convenu.", "ainsi que cela avait été convenu"),
    ("drops_view", "A l'entendre, M. Bonnard était désolé.", "M. Bonnard était désolé"),
    (
        "is_garbled",
        "La créole tressaillit suivit la direction du fouet.",
        "La créole tressaillit suivit la direction",
    ),
    ("is_garbled", "Je me rapprochai de l’ abbat pour le voir.", "Je me rapprochai de l’ abbat"),
    ("is_reported_behind", "Sa fortune n'avait pas péri, je suppose.", "Sa fortune n'avait pas péri"),
    ("tells_one_of_pair", "Un jasmin courait d'un côté, des roses de l'autre.", "Un jasmin courait d'un côté"),
    ("cuts_name", "D'Unières ne méritait pas cette injure, disait-on.", "Unières ne méritait pas cette injure"),
    ("is_garbled", "Je suis une personne _accablée, finie_.", "Je suis une personne _accablée"),
    ("tells_one_of_pair", "Franchement aussi elle embrassait sa fille.", "Franchement aussi elle embrassait sa fille"),
    ("opens_subordinate", "Mais aujourd'hui qu'on en parle dans la ville…", "aujourd'hui qu'on en parle dans la ville"),
    ("is_feared", "Il se voyait dans un puits ; elle l'écrasait.", "elle l'écrasait"),
    (
        "asks_elsewhere",
        "Il n'avait pas songé à cela, pourquoi ces façons de sentir ?",
        "Il n'avait pas songé à cela",
    ),
    (
        "cuts_subject_list",
        "Le lendemain, Evans, Briant et Baxter repartirent avec le flot.",
        "Briant et Baxter repartirent avec le flot",
    ),
    (
        "grants",
        "Il est vrai que cela pouvait réussir, mais cela pouvait échouer.",
        "Il est vrai que cela pouvait réussir",
    ),
    ("is_garbled", "Des couleurs montèrent à ∗l'arrière de l'Aigle.∗", "Des couleurs montèrent à ∗l'arrière"),
    ("asks_for_assent", "Vous êtes convalescent ; n'est-ce pas, docteur ?", "n'est-ce pas, docteur"),
    ("answers_denial", "Ce n'est pas le talent qui lui manque ; c'est le caractère.", "c'est le caractère"),
    (
        "is_one_of_such",
        "Il y a de ces hommes tristes qui rient trop haut.",
        "ces hommes tristes qui rient trop haut",
    ),
    ("opens_subordinate", "Et si cet animal se jette sur nos chiens ?", "si cet animal se jette sur nos chiens"),
    ("leaves_denier_out", "Jamais elle n'était venue de ce côté du parc.", "elle n'était venue de ce côté"),
    ("answers_what", "Ce qu'il faut, c'est établir la situation de l'enfant.", "c'est établir la situation"),
    ("answers_what", "C'est d'un air grave, et sincère, que Magloire la considéra.", "C'est d'un air grave"),
    (
        "asks_without_mark",
        "Ignorez-vous donc ce qu'il a fait pour moi, murmura-t-il ; l'histoire de mon mariage ?",
        "Ignorez-vous donc ce qu'il a fait pour moi",
    ),
    (
        "follows_supposition",
        "Supposez un fou allemand à sa place ; mais l'esprit se nourrit de rosbif.",
        "l'esprit se nourrit de rosbif",
    ),
    ("points_ahead", "Eh bien, il arriva ceci : je devins épris de cette voyageuse.", "il arriva ceci"),
    ("drops_view", "Selon moi, Richard est un honnête homme.", "Richard est un honnête homme"),
    ("is_reported_behind", "Le corridor était vide, sans doute, car personne ne vint.", "Le corridor était vide"),
    ("leaves_exception_out", "Gaston lui pardonnait tout, hormis ses dettes.", "Gaston lui pardonnait tout"),
    ("cuts_name", "J.-B. Frapillon pâlit et remonta ses lunettes.", "B. Frapillon pâlit"),
    ("opens_exclamation", "Eh ! bien, il est médecin ; mais il a quitté la France.", "bien, il est médecin"),
    (
        "is_the_other_choice",
        "Ne t'arrête pas ainsi, ou nous allons manquer l'heure du train.",
        "nous allons manquer l'heure",
    ),
    ("says_so", "Ceux-ci sont peu connus, les autres le sont davantage.", "les autres le sont davantage"),
    ("hangs_on_and", "Mais le médecin se fâcha et, tapant du pied :", "le médecin se fâcha et, tapant du pied"),
    (
        "leaves_exception_out",
        "Nul bruit ne troublait ce silence… si ce n'est la pluie.",
        "Nul bruit ne troublait ce silence",
    ),
    ("drops_view", "En l'entendant, vous vous promenez sous les voûtes.", "vous vous promenez sous les voûtes"),
]


@pytest.mark.parametrize(("rule", "source", "card"), REFUSED)
def test_what_a_reader_refused_is_refused(rule: str, source: str, card: str, known: Forms) -> None:
    assert rule in objections_to(place(source, card, known))


@pytest.mark.parametrize(
    ("source", "card"),
    [
        ("Il prit son chapeau, et il sortit.", "Il prit son chapeau"),
        ("Georges répondit : « Je suis très content. »", "Je suis très content"),
        ("Il y avait un feu dans la chambre, et il s'assit.", "Il y avait un feu dans la chambre"),
        ("En arrivant, il partit en courant.", "il partit en courant"),
    ],
)
def test_what_a_reader_would_keep_passes(source: str, card: str, known: Forms) -> None:
    assert not list(objections_to(place(source, card, known)))


@pytest.mark.parametrize(
    ("source", "card"),
    [
        ("Les uns riaient, les autres pleuraient.", "Les uns riaient, les autres pleuraient"),
        ("Lorsque la nuit tomba, il partit.", "Lorsque la nuit tomba, il partit"),
        ("Il s'arrêta devant elle, puis il sortit.", "Il s'arrêta devant elle"),
        ("La femme qu'il aimait dormait encore dans la chambre.", "La femme qu'il aimait dormait encore"),
        ("Devant la femme aux yeux doux, il s'arrêta.", "il s'arrêta"),
        ("Tantôt il riait, tantôt il pleurait.", "Tantôt il riait, tantôt il pleurait"),
        ("Qui vivra verra, mon ami.", "Qui vivra verra"),
        ("La Moucheronne fit un pas, et tomba.", "La Moucheronne fit un pas"),
        ("Le lendemain, Briant et Baxter repartirent tous deux.", "Briant et Baxter repartirent tous deux"),
        ("Il est vrai que cela peut réussir.", "Il est vrai que cela peut réussir"),
        ("N'est-ce pas une belle maison ?", "N'est-ce pas une belle maison"),
        ("Il prit la lettre ; c'était une facture.", "c'était une facture"),
        ("Il parlait de ces choses, et ces choses le troublaient.", "ces choses le troublaient"),
        ("Jamais, disait-il, il ne viendra personne.", "il ne viendra personne"),
        ("Ignorez-vous ce qu'il a fait pour moi ?", "Ignorez-vous ce qu'il a fait pour moi"),
        ("C'est dans la chambre du fond.", "C'est dans la chambre du fond"),
        ("Il but et, tapant du pied, il sortit.", "Il but et, tapant du pied, il sortit"),
        ("Il vit le vent passer vers le soir.", "Il vit le vent passer"),
    ],
)
def test_what_only_looks_so_passes(source: str, card: str, known: Forms) -> None:
    rules = {"tells_one_of_pair", "opens_subordinate", "is_garbled", "drops_view"}
    rules |= {"cuts_subject_list", "grants", "asks_for_assent", "answers_denial", "is_one_of_such"}
    rules |= {"leaves_denier_out", "answers_what", "asks_without_mark"}
    rules |= {"hangs_on_and", "leaves_exception_out", "says_so"}
    assert not rules & set(objections_to(place(source, card, known)))


@pytest.mark.parametrize(
    ("source", "card", "mark"),
    [
        ("Vous ne savez pas tout…", "Vous ne savez pas tout", "trails_off"),
        ("Paul vit la mer, et il prit son chapeau.", "il prit son chapeau", "refers_back"),
        ("Paul prit la lettre ; Jean la rendit au facteur.", "Jean la rendit au facteur", "pronoun_object"),
        ("Il dit : « Je suis très content. »", "Je suis très content", "quoted"),
        ("Nous saurons bien !", "Nous saurons bien", "few_words"),
    ],
)
def test_what_strict_never_gives_is_flagged(source: str, card: str, mark: str, known: Forms) -> None:
    found = marks(place(source, card, known))
    assert mark in found
    assert not is_strict(("end_stop", *found))


def edited(source: str, subject: str, card: str, forms: Forms) -> Surroundings:
    """A card whose subject stands further ahead."""
    return replace(place(source, card, forms), subject=place(source, subject, forms).own)


@pytest.mark.parametrize(
    ("rule", "source", "subject", "card"),
    [
        ("leaves_out_when", "Les enfants, quand ils couraient, avaient vite fini.", "Les enfants", "avaient vite fini"),
        (
            "makes_time_a_subject",
            "Un après-midi, elle chantait, pénétra dans la chambre.",
            "Un après-midi",
            "pénétra dans la chambre",
        ),
        (
            "is_one_of_what_it_is",
            "C'était dans les années qui suivirent la Restauration.",
            "les années",
            "suivirent la Restauration",
        ),
    ],
)
def test_a_subject_said_again_is_asked_what_it_left(
    rule: str, source: str, subject: str, card: str, known: Forms
) -> None:
    assert rule in objections_to(edited(source, subject, card, known))


@pytest.mark.parametrize(
    "source", ["Il sortit quand même et revint à la maison.", "Il était si fatigué et dormait à la maison."]
)
def test_si_and_quand_are_not_always_conditions(source: str, known: Forms) -> None:
    card = source[source.index(" et ") + 4 : -1]
    assert "leaves_out_when" not in set(objections_to(edited(source, "Il", card, known)))


def test_what_stood_between_two_verbs_is_missed(known: Forms) -> None:
    whole = place(
        "Mme Renault sortit, donna un ordre et rentra.", "Mme Renault sortit, donna un ordre et rentra", known
    )
    joined = replace(whole, own=(*whole.own[:3], whole.own[-1]))

    assert "joins_verbs" in objections_to(joined)
    assert "joins_verbs" not in objections_to(whole)


def test_a_card_of_one_word_behind_its_subject_is_asked_too(known: Forms) -> None:
    assert "asks_without_mark" not in objections_to(edited("Paul, mon ami, dormait.", "Paul", "dormait", known))
