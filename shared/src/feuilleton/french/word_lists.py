"""The words that the rules of segmentation and hyphenation know by name."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Abbreviations, in lower case and without their point.
# A name or a thing always follows: never the end of a sentence.
TITLES = _set(
    "m mm mme mmes mlle mlles mr mrs ms dr drs pr prof me mes mgr av apr st ste sts stes sgt cap capt cdt col gal "
    "gén lt hon rév jr s.m s.a s.e s.s ss vve cie m.m"
)
# Of these, the ones that are also words: in small letters they may end a sentence ('il changea de cap.').
TITLE_AND_WORD = _set("cap col me mes")
# Followed by a figure they go on, followed by anything else in capitals they may end a sentence.
BEFORE_FIGURE = _set(
    "p pp pag n no nos n° nº vol t tom chap ch art al fig pl cf v vs env éd ed coll f fol ff l ll vers livr sect § id "
    "ibid op cit loc tél r bd boul fg fbg lat long sept oct nov déc janv févr avr juil sc act part ex"
)
# They may stand anywhere, also last in a sentence.
ANYWHERE = _set("etc h min s fr c cts kg km cm mm")

# Words that open a sentence and are no name: after 'Charles X.' they begin a new one.
SENTENCE_OPENERS = _set(
    "le la les l' un une des du de d' ce cet cette ces c' ceci cela ça il elle ils elles on je j' tu nous vous qui "
    "que qu' quand quoi quel quelle quels quelles où comment pourquoi si s' mais et ou or donc car ni puis alors ainsi "
    "aussi après avant avec dans en par pour sur sous sans depuis pendant vers chez entre mon ma mes ton ta tes son sa "
    "ses notre nos votre vos leur leurs ne n' y à au aux tout toute tous toutes plus moins très bien comme lorsque "
    "lorsqu' enfin cependant pourtant toutefois jamais rien personne chacun chaque quelques plusieurs aucun aucune "
    "certains voilà voici oui non ah oh eh hé bah celui celle ceux celles dès malgré selon parmi tandis aujourd'hui "
    "hier demain là ici déjà encore peut-être était"
)

# First parts of compound words that are written with a hyphen before most words.
COMPOUND_HEADS = _set(
    "demi mi ex vice nouveau nouvelle beau belle grand grands grande petit petite arrière avant chef saint sainte "
    "vingt trente quarante cinquante soixante quatre dix cent rez anglo franco gréco russo austro indo afro hispano "
    "italo gallo sino turco germano israélo"
)

# Who is called by a word with a capital that is no name.
CALLED = _set("Monsieur Madame Mademoiselle Messieurs Mesdames Monseigneur Sire Dieu Seigneur M Mme Mlle MM")
