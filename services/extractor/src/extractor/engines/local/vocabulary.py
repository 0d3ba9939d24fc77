"""Closed lists of French words that the rules ask for. Lower case, straight apostrophes."""


def words(text: str) -> frozenset[str]:
    """The words of a list written as one string."""
    return frozenset(text.split())


COORDINATORS = frozenset({"et", "mais", "car", "or", "puis", "donc"})
# May stand before a subject without changing what is asserted; kept when there is room, else dropped.
LIGHT_ADVERBS = words(
    "alors enfin ensuite aussitôt bientôt cependant pourtant puis d'abord soudain maintenant aujourd'hui hier demain"
    " parfois souvent quelquefois toujours déjà là ici longtemps ainsi désormais toutefois néanmoins oui non tantôt"
    " d' abord"
)
OBJECT_CLITICS = frozenset(
    {"me", "m'", "te", "t'", "se", "s'", "le", "la", "l'", "les", "lui", "leur", "nous", "vous", "y", "en"}
)
NE = frozenset({"ne", "n'"})
# What closes a 'ne'. 'que' is left out on purpose: what follows it carries the sense.
NEGATIONS = frozenset(
    {"pas", "plus", "jamais", "point", "rien", "guère", "aucun", "aucune", "personne", "nul", "nulle"}
)
# person and number of each pronoun that may be a subject
SUBJECT_PRONOUNS = {
    "je": ("1", "s"),
    "j'": ("1", "s"),
    "tu": ("2", "s"),
    "il": ("3", "s"),
    "elle": ("3", "s"),
    "on": ("3", "s"),
    "ce": ("3", "s"),
    "c'": ("3", "s"),
    "cela": ("3", "s"),
    "ça": ("3", "s"),
    "nous": ("1", "p"),
    "vous": ("2", "p"),
    "ils": ("3", "p"),
    "elles": ("3", "p"),
}
# Subjects too: 'Rien n'est plus dangereux'.
INDEFINITE_SUBJECTS = words("rien personne chacun chacune quelqu'un tout")
SINGULAR_DETERMINERS = words(
    "le la l' un une ce cet cette mon ma ton ta son sa notre votre leur chaque quelque aucun aucune nul nulle"
)
PLURAL_DETERMINERS = words(
    "les des ces mes tes ses nos vos leurs plusieurs quelques deux trois quatre cinq six sept huit neuf dix cent mille"
)
# A preposition and its article in one word, and the article alone.
CONTRACTIONS = {"du": "le", "des": "les", "au": "le", "aux": "les"}
# A noun behind one of these is known, or new; what follows it only adds.
KNOWN_BY = words("un une mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces")
ARTICLES = words("un une des le la l' les")
DEFINITE = words("le la l' les du des au aux")
TITLES = words(
    "m. mr. mrs. dr. mgr. mm. mme mmes mlle mlles monsieur madame mademoiselle mistress maître père mère oncle tante"
    " cousin cousine docteur capitaine don doña dom sir lord lady miss sœur frère herr frau signor señor"
)
# Given names that are common words too; any other word with a capital that is none is taken for a name.
GIVEN_NAMES = words(
    "adèle alphonse angélique auguste augustin augustine baptiste benjamin benoît benoîte bernard berthe blanche"
    " bob charlotte claire clarisse claude clémence clémentine corneille célestin césar diane dieu florence"
    " florentin florentine fritz félicité germain gilles guillaume henry hercule hermine hyacinthe jack jacqueline"
    " jacques jean jeanne jeannette jenny joseph jules julien julienne laure lise lisette louis louise madeleine"
    " marc margot marguerite marie martial martin mathieu micheline narcisse noël octave olivier oscar pascal"
    " patrice pierre rené renée richard robert robin rosa rosalie rose rosette régis sabine sylvain sylvestre"
    " séraphin toussaint valentin violette virginie véronique"
)
# Any of these in the dropped part may be what the clause hangs on.
CONDITIONS = words(
    "si sinon selon sauf excepté hormis peut-être pourvu quoique sans faute faillit paraît soi-disant ni"
)
CONDITION_PAIRS = frozenset(
    {
        ("s'", "il"),
        ("s'", "ils"),
        ("à", "peine"),
        ("à", "moins"),
        ("au", "cas"),
        ("à", "condition"),
        ("à", "croire"),
        ("pour", "que"),
        ("afin", "que"),
        ("afin", "qu'"),
        ("pour", "qu'"),
    }
)
# Words that call for a 'que', 'pour' or 'comme' further on.
DEGREES = words(
    "plus moins si aussi tant tellement trop assez tel telle tels telles autant plutôt autre autres même mêmes mieux"
    " pire meilleur meilleure davantage"
)
MEASURES = words("plus moins si aussi tant tellement tel telle tels telles autant plutôt mieux pire davantage")
DEGREE_ANSWERS = frozenset({"que", "qu'", "pour", "comme", "quel", "de"})
# Conjunctions before which a clause may end without a comma.
TIME_CONJUNCTIONS = frozenset({"tandis", "quand", "lorsque", "lorsqu'", "pendant"})
QUESTION_WORDS = words(
    "que qu' qui quoi quel quelle quels quelles combien comment pourquoi où quand comme si lequel laquelle lesquels"
)
SPEECH_LEMMAS = words(
    "dire répondre crier penser songer croire demander écrire raconter annoncer déclarer affirmer prétendre jurer"
    " murmurer ajouter répéter savoir sentir comprendre imaginer voir supposer espérer craindre objecter reprendre"
    " lire entendre expliquer"
)
# Before a colon these wait for what is said.
ANNOUNCING_LEMMAS = words(
    "dire demander répéter ajouter prononcer reprendre déclarer annoncer raconter affirmer murmurer penser songer"
    " objecter continuer poursuivre interroger commencer écrire lire expliquer balbutier crier"
)
BELIEF_LEMMAS = words("croire penser sembler paraître supposer espérer imaginer prétendre affirmer assurer")
TIME_NOUNS = words("an ans année années mois semaine semaines jour jours heure heures minute minutes temps siècles")
# A card must not end in one of these, whatever the parser says of it.
FUNCTION_WORDS = words(
    "à de d' du des au aux en dans sur sous par pour avec sans vers chez entre pendant dès jusque jusqu' que qu' qui"
    " dont où et ou ni mais car or donc si comme quand lorsque lorsqu' puisque puisqu' quoique le la l' les un une ce"
    " cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs quel quelle ne n' se s' me m' te t'"
    " ceux celui celle celles disant criant répétant ajoutant demandant murmurant balbutiant dire demander répéter"
    " je j' tu il on ils c' très être avoir est était avait fut eut ont sont étaient avaient tel telle"
)
CLEFT_WORDS = frozenset({"qui", "que", "qu'", "dont", "où"})
# A card must not begin with one of these.
LOOSE_BEGINS = COORDINATORS - {"puis", "donc"} | words("ou ni soit que qu' dont car plus moins tant")
# Each needs a conjugated verb behind it.
CLAUSE_OPENERS = words("que qu' qui dont où quand lorsque lorsqu' puisque puisqu' quoique quoiqu' si")
# Said about a sentence rather than being one.
FORMULAS = frozenset(
    {
        "il est vrai",
        "c' est vrai",
        "cela va sans dire",
        "on l' affirmait",
        "on le sait",
        "je l' avoue",
        "je le sais",
        "il le faut",
        "il le fallait",
        "il me semble",
        "il lui semblait",
        "je vous le répète",
        "je le répète",
        "on l' a dit",
        "je vous prie",
        "je vous en prie",
        "je te prie",
        "je t' en prie",
    }
)
# Prepositions that a verb may ask for, by what they are without elision and article.
PREPOSITIONS = {
    "à": "à",
    "au": "à",
    "aux": "à",
    "de": "de",
    "d'": "de",
    "du": "de",
    "des": "de",
    "jusqu'": "jusque",
    "jusque": "jusque",
    **{word: word for word in words("dans sur sous vers chez contre avec par pour en entre parmi derrière devant")},
    **{word: word for word in words("depuis pendant durant après avant dès")},
}
# Behind these nothing of the sense hangs on what is left out.
LOOSE_PREPOSITIONS = words("dans sur sous vers parmi derrière devant depuis pendant durant après avant dès à jusque")
