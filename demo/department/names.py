"""Names, towns and streets from which people are made up."""

from typing import NamedTuple


class Origin(NamedTuple):
    """Names that go together."""

    weight: int
    men: tuple[str, ...]
    women: tuple[str, ...]
    families: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ORIGINS = (
    Origin(
        56,
        _words(
            "Alain Alexandre Antoine Arnaud Benoît Cédric Clément Cyril David Didier Éric Fabien "
            "Florian Franck Frédéric Guillaume Hugo Jérôme Jordan Kévin Laurent Loïc Lucas Mathieu "
            "Mickaël Nicolas Pascal Patrice Pierre Quentin Rémi Romain Sébastien Stéphane Sylvain "
            "Théo Valentin Vincent Xavier Yannick"
        ),
        _words(
            "Agnès Alice Amandine Anaïs Audrey Aurélie Béatrice Camille Caroline Cécile Céline "
            "Chantal Charlène Chloé Corinne Delphine Émilie Estelle Fanny Florence Géraldine Isabelle "
            "Jessica Justine Laëtitia Léa Lucie Magali Manon Marion Mélanie Noémie Océane Pauline "
            "Sabrina Sandrine Sylvie Valérie Virginie"
        ),
        _words(
            "Achard Arnoux Aubert Barnier Bérard Blachon Bonnet Bouvier Brun Chapuis Charras Chastan "
            "Combe Cordier Courbis Delaye Descours Eynard Fayolle Ferréol Gauthier Gilles Grangeon "
            "Grosjean Guérin Jullien Lacroix Lagier Ladreyt Marchand Mathon Mazet Meynier Moulin "
            "Noyer Pellissier Peyron Plantier Pouzet Rey Reynaud Riou Robin Rolland Roussin Sabatier "
            "Serre Tardy Terrail Teyssier Vallon Vernet Vignal"
        ),
    ),
    Origin(
        14,
        _words(
            "Abdel Ahmed Bilal Farid Hakim Hamza Hichem Ilyes Kamel Malik Mehdi Mourad Rachid Sofiane Yacine"
        ),
        _words(
            "Aïcha Amel Asma Farida Hanane Houria Inès Karima Khadija Leïla Malika Naïma Nora Rania Samia"
        ),
        _words(
            "Amrani Belkacem Bensaïd Bouzid Chaoui Djebbar Ferhat Ghezali Hamdi Khelifi Larbi "
            "Mansouri Saïdi Zerrouki"
        ),
    ),
    Origin(
        8,
        _words("Adama Boubacar Cheikh Ibrahima Lamine Mamadou Moussa Ousmane Sékou Serge"),
        _words("Aminata Awa Bintou Clarisse Coumba Fatoumata Grâce Mariama Oumou Rokia"),
        _words("Bah Camara Cissé Coulibaly Diarra Keïta Konaté Mbaye Ndiaye Sow Touré Traoré"),
    ),
    Origin(
        7,
        _words("Antonio Carlos Joaquim José Luís Manuel Miguel Paulo Rui Tiago"),
        _words("Ana Carla Fátima Helena Lúcia Maria Paula Rosa Sandra Teresa"),
        _words("Almeida Carvalho Da-Costa Fernandes Gomes Lopes Martins Pereira Ribeiro Teixeira"),
    ),
    Origin(
        5,
        _words("Alessandro Enzo Gianni Luca Marco Pietro Diego Javier Pablo"),
        _words("Chiara Elena Francesca Giulia Paola Carmen Dolores Lucía Pilar"),
        _words("Bianchi Conti Esposito Greco Moretti Navarro Ortega Romero Vargas"),
    ),
    Origin(
        4,
        _words("Ali Emre Hasan Mehmet Murat Mustafa Yusuf"),
        _words("Ayse Elif Emine Fatma Hatice Selin Zeynep"),
        _words("Aydin Çelik Demir Kaya Öztürk Şahin Yildiz"),
    ),
    Origin(
        3,
        _words("Andrei Ion Mihai Oleksandr Pavel Taras Vasile"),
        _words("Daria Iryna Ioana Kateryna Mariana Oksana Svitlana"),
        _words("Bondarenko Dumitru Ionescu Kovalenko Popescu Shevchuk Tkachenko"),
    ),
    Origin(
        3,
        _words("Anh Duc Hung Minh Quang Tuan Vinh"),
        _words("Hoa Huong Lan Linh Mai Thu Trang"),
        _words("Bui Dang Hoang Nguyen Pham Tran Vo"),
    ),
)

# Postcode and name, in the area of each organisation, the nearest first.
TOWNS = {
    "valence": (
        "26000 Valence",
        "26000 Valence",
        "26000 Valence",
        "26500 Bourg-lès-Valence",
        "26800 Portes-lès-Valence",
        "26120 Chabeuil",
        "26100 Romans-sur-Isère",
        "26100 Romans-sur-Isère",
        "26300 Bourg-de-Péage",
        "26400 Crest",
        "26270 Loriol-sur-Drôme",
        "26250 Livron-sur-Drôme",
        "26110 Nyons",
        "26700 Pierrelatte",
        "26700 Pierrelatte",
    ),
    "die": (
        "26150 Die",
        "26150 Die",
        "26150 Die",
        "26410 Châtillon-en-Diois",
        "26310 Luc-en-Diois",
        "26400 Crest",
    ),
    "montelimar": (
        "26200 Montélimar",
        "26200 Montélimar",
        "26200 Montélimar",
        "26700 Pierrelatte",
        "26130 Saint-Paul-Trois-Châteaux",
        "26110 Nyons",
        "26220 Dieulefit",
    ),
    "romans": (
        "26100 Romans-sur-Isère",
        "26100 Romans-sur-Isère",
        "26300 Bourg-de-Péage",
        "26750 Génissieux",
    ),
}

STREETS = (
    "rue des Alpes",
    "rue Pasteur",
    "avenue Jean Moulin",
    "rue de la République",
    "rue du Vercors",
    "impasse des Lavandes",
    "rue Victor Hugo",
    "chemin des Abricotiers",
    "place du Marché",
    "avenue Gambetta",
    "rue des Tanneurs",
    "rue du Rhône",
    "quartier des Blaches",
    "allée des Tilleuls",
    "rue Jules Ferry",
    "montée du Château",
    "rue Frédéric Mistral",
    "résidence Les Oliviers",
)
