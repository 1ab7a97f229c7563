"""Tell and draw one vacancy chain: who moved where, in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulator.codes import Fill, labels
from simulator.errors import ResultError
from simulator.files import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LANGUAGES = ("en", "fi", "sv", "nl", "pt", "bg")

# sentences are assembled from whole phrases, because word order differs between languages
_TEXT: dict[str, dict[str, str]] = {
    "en": {
        "title": "Vacancy chain {chain}",
        "rung0": "an entry-level post",
        "rung1": "a skilled post",
        "rung2": "a specialist post",
        "rung3": "a professional or managerial post",
        "at": "{post} at workplace {workplace} ({sector})",
        "when": "In month {month}",
        "new_post": "{when}, {post} was created.",
        "returned_post": "{when}, {post}, given up earlier, came back.",
        "retirement": "{when}, the holder of {post} retired.",
        "labour_force_exit": "{when}, the holder of {post} left the labour force.",
        "job_loss": "{when}, the holder of {post} lost the job.",
        "fixed_term_end": "{when}, the fixed term of the holder of {post} ended.",
        "cover": "{when}, {post} needed a substitute while its holder trains.",
        "leave": "{when}, {post} needed a substitute while its holder is on leave.",
        "moved_away": "{when}, the holder of {post} moved away.",
        "job_elsewhere": "{when}, the holder of {post} took a job in another place.",
        "died": "{when}, the holder of {post} died.",
        "promotion": "{waited} {person} was promoted into it from {old} in the same workplace.",
        "sideward_move": "{waited} {person} moved into it from another post on the same rung in "
        "the same workplace.",
        "hire_from_workplace": "{waited} {person} came from {old}.",
        "emptied": "That post was now empty.",
        "hire_unemployed": "{waited} {person} got the post after {spell} without work, and the "
        "chain ended.",
        "hire_outside_labour_force": "{waited} {person} from outside the labour force got the "
        "post, and the chain ended.",
        "hire_outside_region": "{waited} {person} from outside the place got the post, and the "
        "chain ended.",
        "hire_from_elsewhere": "{waited} {person}, who lives here and left a job in another "
        "place, got the post, and the chain ended.",
        "not_backfilled": "It was not advertised again, and the chain ended.",
        "given_up": "{waited} the employer gave up looking for somebody, and the chain ended.",
        "post_destroyed": "{waited} the post was abolished, and the chain ended.",
        "open": "It was still vacant when the simulation ended.",
        "at_once": "In the same round",
        "same_month": "In the same month",
        "after_one": "After one month",
        "after": "After {n} months",
        "spell_short": "less than a month",
        "spell_one": "one month",
        "spell": "{n} months",
        "female": "a woman",
        "male": "a man",
        "somebody": "somebody",
        "aged": "{who} of {age} with {education}",
        "young": "{who} of {age} (schooling that will be reached: {education})",
        "basic": "basic schooling",
        "secondary": "secondary education",
        "tertiary": "higher education",
        "sum_one": "One post became empty in all.",
        "sum": "{n} posts became empty in all, and {moves} people who had a post here moved.",
        "axis_rung": "rung of the post",
        "axis_month": "month",
        "rungs": "entry,skilled,specialist,professional or manager",
    },
    "fi": {
        "title": "Avointen paikkojen ketju {chain}",
        "rung0": "aloitustason paikka",
        "rung1": "ammattityön paikka",
        "rung2": "asiantuntijan paikka",
        "rung3": "erityisasiantuntijan tai johtajan paikka",
        "at": "{post} (toimipaikka {workplace}, {sector})",
        "when": "Kuukausi {month}",
        "new_post": "{when}: syntyi uusi paikka, {post}.",
        "returned_post": "{when}: aiemmin täyttämättä jätetty paikka palasi hakuun, {post}.",
        "retirement": "{when}: työntekijä jäi eläkkeelle ja vapautui {post}.",
        "labour_force_exit": "{when}: työntekijä jättäytyi pois työvoimasta ja vapautui {post}.",
        "job_loss": "{when}: työntekijä menetti työnsä ja vapautui {post}.",
        "fixed_term_end": "{when}: määräaikainen työsuhde päättyi ja vapautui {post}.",
        "cover": "{when}: työntekijä on koulutuksessa ja tarvitaan sijainen, {post}.",
        "leave": "{when}: työntekijä on vapaalla ja tarvitaan sijainen, {post}.",
        "moved_away": "{when}: työntekijä muutti pois ja vapautui {post}.",
        "job_elsewhere": "{when}: työntekijä sai työn muualta ja vapautui {post}.",
        "died": "{when}: työntekijä kuoli ja vapautui {post}.",
        "promotion": "{waited} {person} eteni siihen saman toimipaikan sisällä. Häneltä vapautui "
        "{old}.",
        "sideward_move": "{waited} {person} siirtyi siihen samantasoisesta paikasta saman "
        "toimipaikan sisällä.",
        "hire_from_workplace": "{waited} {person} siirtyi siihen toisesta toimipaikasta. Häneltä "
        "vapautui {old}.",
        "emptied": "",
        "hire_unemployed": "{waited} {person} sai paikan. Työttömyys oli kestänyt: {spell}. Ketju "
        "päättyi.",
        "hire_outside_labour_force": "{waited} {person} tuli paikkaan työvoiman ulkopuolelta. "
        "Ketju päättyi.",
        "hire_outside_region": "{waited} {person} tuli paikkaan alueen ulkopuolelta. Ketju "
        "päättyi.",
        "hire_from_elsewhere": "{waited} {person} asuu täällä, jätti työn muualla ja sai paikan. "
        "Ketju päättyi.",
        "not_backfilled": "Paikkaa ei avattu uudelleen. Ketju päättyi.",
        "given_up": "{waited} työnantaja luopui hausta. Ketju päättyi.",
        "post_destroyed": "{waited} paikka lakkautettiin. Ketju päättyi.",
        "open": "Paikka oli yhä avoinna, kun simulointi päättyi.",
        "at_once": "Samalla kierroksella",
        "same_month": "Samassa kuussa",
        "after_one": "Kuukauden kuluttua",
        "after": "{n} kuukauden kuluttua",
        "spell_short": "alle kuukauden",
        "spell_one": "yhden kuukauden",
        "spell": "{n} kuukautta",
        "female": "nainen",
        "male": "mies",
        "somebody": "joku",
        "aged": "{who} ({age} vuotta, {education})",
        "young": "{who} ({age} vuotta, aikanaan saavutettava koulutus: {education})",
        "basic": "perusaste",
        "secondary": "toinen aste",
        "tertiary": "korkea-aste",
        "sum_one": "Kaikkiaan vapautui yksi paikka.",
        "sum": "Kaikkiaan vapautui {n} paikkaa. Täällä jo työssä olleista siirtyi {moves}.",
        "axis_rung": "paikan taso",
        "axis_month": "kuukausi",
        "rungs": "aloitustaso,ammattityö,asiantuntija,erityisasiantuntija tai johtaja",
    },
    "sv": {
        "title": "Vakanskedja {chain}",
        "rung0": "en plats på ingångsnivå",
        "rung1": "en plats i yrkesarbete",
        "rung2": "en plats som specialist",
        "rung3": "en plats som sakkunnig eller chef",
        "at": "{post} på arbetsplats {workplace} ({sector})",
        "when": "Månad {month}",
        "new_post": "{when}: en ny plats kom till, {post}.",
        "returned_post": "{when}: en plats som tidigare lämnats obesatt kom tillbaka, {post}.",
        "retirement": "{when}: innehavaren gick i pension och lämnade {post}.",
        "labour_force_exit": "{when}: innehavaren lämnade arbetskraften och därmed {post}.",
        "job_loss": "{when}: innehavaren förlorade arbetet och lämnade {post}.",
        "fixed_term_end": "{when}: en visstidsanställning tog slut och lämnade {post}.",
        "cover": "{when}: innehavaren går utbildning och en vikarie behövs för {post}.",
        "leave": "{when}: innehavaren är ledig och en vikarie behövs för {post}.",
        "moved_away": "{when}: innehavaren flyttade bort och lämnade {post}.",
        "job_elsewhere": "{when}: innehavaren fick arbete på en annan ort och lämnade {post}.",
        "died": "{when}: innehavaren dog och lämnade {post}.",
        "promotion": "{waited} avancerade {person} till den inom samma arbetsplats, från {old}.",
        "sideward_move": "{waited} flyttade {person} till den från en annan plats på samma nivå "
        "inom samma arbetsplats.",
        "hire_from_workplace": "{waited} kom {person} till den från {old}.",
        "emptied": "Den platsen var nu tom.",
        "hire_unemployed": "{waited} fick {person} platsen efter {spell} utan arbete, och kedjan "
        "tog slut.",
        "hire_outside_labour_force": "{waited} fick {person} utanför arbetskraften platsen, och "
        "kedjan tog slut.",
        "hire_outside_region": "{waited} fick {person} från en annan ort platsen, och kedjan tog "
        "slut.",
        "hire_from_elsewhere": "{waited} fick {person}, som bor här och lämnade ett arbete på en "
        "annan ort, platsen, och kedjan tog slut.",
        "not_backfilled": "Den utlystes inte igen, och kedjan tog slut.",
        "given_up": "{waited} slutade arbetsgivaren söka, och kedjan tog slut.",
        "post_destroyed": "{waited} drogs platsen in, och kedjan tog slut.",
        "open": "Den var fortfarande ledig när simuleringen slutade.",
        "at_once": "I samma omgång",
        "same_month": "Samma månad",
        "after_one": "Efter en månad",
        "after": "Efter {n} månader",
        "spell_short": "mindre än en månad",
        "spell_one": "en månad",
        "spell": "{n} månader",
        "female": "en kvinna",
        "male": "en man",
        "somebody": "någon",
        "aged": "{who} på {age} år ({education})",
        "young": "{who} på {age} år (utbildning som kommer att nås: {education})",
        "basic": "grundskola",
        "secondary": "utbildning på andra stadiet",
        "tertiary": "högre utbildning",
        "sum_one": "Sammanlagt blev en plats ledig.",
        "sum": "Sammanlagt blev {n} platser lediga, och {moves} personer som redan arbetade här "
        "flyttade.",
        "axis_rung": "platsens nivå",
        "axis_month": "månad",
        "rungs": "ingång,yrkesarbete,specialist,sakkunnig eller chef",
    },
    "nl": {
        "title": "Vacatureketen {chain}",
        "rung0": "een instapplek",
        "rung1": "een plek in vakwerk",
        "rung2": "een plek als specialist",
        "rung3": "een plek als deskundige of leidinggevende",
        "at": "{post} in vestiging {workplace} ({sector})",
        "when": "Maand {month}",
        "new_post": "{when}: er ontstond een nieuwe plek, {post}.",
        "returned_post": "{when}: een eerder opgegeven plek keerde terug, {post}.",
        "retirement": "{when}: iemand ging met pensioen en liet {post} achter.",
        "labour_force_exit": "{when}: iemand stopte met werken en liet {post} achter.",
        "job_loss": "{when}: iemand verloor het werk en liet {post} achter.",
        "fixed_term_end": "{when}: een tijdelijk contract liep af, voor {post}.",
        "cover": "{when}: iemand volgt scholing en er is vervanging nodig voor {post}.",
        "leave": "{when}: iemand is met verlof en er is vervanging nodig voor {post}.",
        "moved_away": "{when}: iemand verhuisde en liet {post} achter.",
        "job_elsewhere": "{when}: iemand vond werk in een andere plaats en liet {post} achter.",
        "died": "{when}: iemand overleed en liet {post} achter.",
        "promotion": "{waited} kreeg {person} hem door promotie binnen dezelfde vestiging, vanaf "
        "{old}.",
        "sideward_move": "{waited} ging {person} ernaartoe vanaf een andere plek op dezelfde trede "
        "binnen dezelfde vestiging.",
        "hire_from_workplace": "{waited} kwam {person} erop vanaf {old}.",
        "emptied": "Die plek was nu leeg.",
        "hire_unemployed": "{waited} kreeg {person} de plek na {spell} zonder werk, en de keten "
        "eindigde.",
        "hire_outside_labour_force": "{waited} kreeg {person} van buiten de beroepsbevolking de "
        "plek, en de keten eindigde.",
        "hire_outside_region": "{waited} kreeg {person} van buiten de plaats de plek, en de keten "
        "eindigde.",
        "hire_from_elsewhere": "{waited} kreeg {person}, die hier woont en werk in een andere "
        "plaats achterliet, de plek, en de keten eindigde.",
        "not_backfilled": "Hij werd niet opnieuw opengesteld, en de keten eindigde.",
        "given_up": "{waited} gaf de werkgever het zoeken op, en de keten eindigde.",
        "post_destroyed": "{waited} werd de plek opgeheven, en de keten eindigde.",
        "open": "Hij stond nog open toen de simulatie eindigde.",
        "at_once": "In dezelfde ronde",
        "same_month": "In dezelfde maand",
        "after_one": "Na een maand",
        "after": "Na {n} maanden",
        "spell_short": "minder dan een maand",
        "spell_one": "een maand",
        "spell": "{n} maanden",
        "female": "een vrouw",
        "male": "een man",
        "somebody": "iemand",
        "aged": "{who} van {age} ({education})",
        "young": "{who} van {age} (opleiding die nog bereikt wordt: {education})",
        "basic": "basisonderwijs",
        "secondary": "middelbaar onderwijs",
        "tertiary": "hoger onderwijs",
        "sum_one": "In totaal kwam één plek vrij.",
        "sum": "In totaal kwamen {n} plekken vrij. Aantal mensen dat hier al werkte en van plek "
        "wisselde: {moves}.",
        "axis_rung": "trede van de plek",
        "axis_month": "maand",
        "rungs": "instap,vakwerk,specialist,deskundige of leidinggevende",
    },
    "pt": {
        "title": "Cadeia de vagas {chain}",
        "rung0": "um posto de entrada",
        "rung1": "um posto qualificado",
        "rung2": "um posto de técnico",
        "rung3": "um posto de especialista ou dirigente",
        "at": "{post} no local de trabalho {workplace} ({sector})",
        "when": "Mês {month}",
        "new_post": "{when}: foi criado {post}.",
        "returned_post": "{when}: voltou {post}, antes abandonado.",
        "retirement": "{when}: alguém se reformou e deixou {post}.",
        "labour_force_exit": "{when}: alguém saiu da população ativa e deixou {post}.",
        "job_loss": "{when}: alguém perdeu o emprego e deixou {post}.",
        "fixed_term_end": "{when}: um contrato a prazo acabou e deixou livre {post}.",
        "cover": "{when}: alguém está em formação e é preciso substituir quem ocupa {post}.",
        "leave": "{when}: alguém está de licença e é preciso substituir quem ocupa {post}.",
        "moved_away": "{when}: alguém mudou de terra e deixou {post}.",
        "job_elsewhere": "{when}: alguém arranjou emprego noutra terra e deixou {post}.",
        "died": "{when}: alguém faleceu e deixou {post}.",
        "promotion": "{waited}, {person} obteve-o por promoção no mesmo local de trabalho, onde "
        "tinha {old}.",
        "sideward_move": "{waited}, {person} passou para ele a partir de outro posto do mesmo "
        "degrau no mesmo local de trabalho.",
        "hire_from_workplace": "{waited}, {person} passou para ele e deixou {old}.",
        "emptied": "Esse posto ficou então livre.",
        "hire_unemployed": "{waited}, {person} ficou com o posto. Tempo sem trabalho: {spell}. A "
        "cadeia acabou.",
        "hire_outside_labour_force": "{waited}, {person} de fora da população ativa ficou com o "
        "posto, e a cadeia acabou.",
        "hire_outside_region": "{waited}, {person} de fora do local ficou com o posto, e a cadeia "
        "acabou.",
        "hire_from_elsewhere": "{waited}, {person} que vive aqui e deixou um emprego noutra terra "
        "ficou com o posto, e a cadeia acabou.",
        "not_backfilled": "Não voltou a ser anunciado, e a cadeia acabou.",
        "given_up": "{waited}, o empregador desistiu de procurar, e a cadeia acabou.",
        "post_destroyed": "{waited}, o posto foi extinto, e a cadeia acabou.",
        "open": "Ainda estava por preencher quando a simulação acabou.",
        "at_once": "Na mesma ronda",
        "same_month": "No mesmo mês",
        "after_one": "Ao fim de um mês",
        "after": "Ao fim de {n} meses",
        "spell_short": "menos de um mês",
        "spell_one": "um mês",
        "spell": "{n} meses",
        "female": "uma mulher",
        "male": "um homem",
        "somebody": "alguém",
        "aged": "{who} de {age} anos ({education})",
        "young": "{who} de {age} anos (escolaridade que ainda atingirá: {education})",
        "basic": "ensino básico",
        "secondary": "ensino secundário",
        "tertiary": "ensino superior",
        "sum_one": "Ao todo ficou livre um posto.",
        "sum": "Ao todo ficaram livres {n} postos. Pessoas com posto aqui que mudaram: {moves}.",
        "axis_rung": "degrau do posto",
        "axis_month": "mês",
        "rungs": "entrada,qualificado,técnico,especialista ou dirigente",
    },
    "bg": {
        "title": "Верига от свободни места {chain}",
        "rung0": "начално място",
        "rung1": "квалифицирано място",
        "rung2": "място за специалист",
        "rung3": "място за експерт или ръководител",
        "at": "{post} в предприятие {workplace} ({sector})",
        "when": "Месец {month}",
        "new_post": "{when}: създадено е {post}.",
        "returned_post": "{when}: върнато е по-рано изоставено {post}.",
        "retirement": "{when}: човек се пенсионира и освободи {post}.",
        "labour_force_exit": "{when}: човек напусна работната сила и освободи {post}.",
        "job_loss": "{when}: човек загуби работата си и освободи {post}.",
        "fixed_term_end": "{when}: срочен договор изтече и освободи {post}.",
        "cover": "{when}: човек е на обучение и е нужен заместник за {post}.",
        "leave": "{when}: човек е в отпуск и е нужен заместник за {post}.",
        "moved_away": "{when}: човек се премести другаде и освободи {post}.",
        "job_elsewhere": "{when}: човек намери работа на друго място и освободи {post}.",
        "died": "{when}: човек почина и освободи {post}.",
        "promotion": "{waited} {person} го зае чрез повишение в същото предприятие и освободи "
        "{old}.",
        "sideward_move": "{waited} {person} премина на него от друго място на същото стъпало в "
        "същото предприятие.",
        "hire_from_workplace": "{waited} {person} премина на него и освободи {old}.",
        "emptied": "",
        "hire_unemployed": "{waited} {person} получи мястото. Време без работа: {spell}. Веригата "
        "свърши.",
        "hire_outside_labour_force": "{waited} {person} извън работната сила получи мястото и "
        "веригата свърши.",
        "hire_outside_region": "{waited} {person} от друго населено място получи мястото и "
        "веригата свърши.",
        "hire_from_elsewhere": "{waited} {person} получи мястото; живее тук и остави работа "
        "другаде. Веригата свърши.",
        "not_backfilled": "То не беше обявено отново и веригата свърши.",
        "given_up": "{waited} работодателят се отказа да търси и веригата свърши.",
        "post_destroyed": "{waited} мястото беше закрито и веригата свърши.",
        "open": "То още беше свободно, когато симулацията свърши.",
        "at_once": "В същия кръг",
        "same_month": "В същия месец",
        "after_one": "След един месец",
        "after": "След {n} месеца",
        "spell_short": "под един месец",
        "spell_one": "един месец",
        "spell": "{n} месеца",
        "female": "жена",
        "male": "мъж",
        "somebody": "някой",
        "aged": "{who} на {age} години ({education})",
        "young": "{who} на {age} години (образование, което предстои: {education})",
        "basic": "основно образование",
        "secondary": "средно образование",
        "tertiary": "висше образование",
        "sum_one": "Общо се освободи едно място.",
        "sum": "Общо се освободиха {n} места. Преместили се хора, които вече имаха място тук: "
        "{moves}.",
        "axis_rung": "стъпало на мястото",
        "axis_month": "месец",
        "rungs": "начално,квалифицирано,специалист,експерт или ръководител",
    },
}

# words of the picture, in the order of codes.Fill
_FILLS = {
    "en": "promotion|move on the same rung|from another workplace|jobseeker|long-term unemployed"
    "|from outside the labour force|from outside the place|not advertised|given up|abolished|open",
    "fi": "eteneminen|siirto samalla tasolla|toisesta toimipaikasta|työnhakija|pitkäaikaistyötön"
    "|työvoiman ulkopuolelta|alueen ulkopuolelta|ei avattu|haku lopetettu|lakkautettu|avoinna",
    "sv": "avancemang|flytt på samma nivå|från annan arbetsplats|arbetssökande|långtidsarbetslös"
    "|utanför arbetskraften|från annan ort|inte utlyst|sökandet avbrutet|indragen|ledig",
    "nl": "promotie|verplaatsing op dezelfde trede|van een andere vestiging|werkzoekende"
    "|langdurig werkloze|van buiten de beroepsbevolking|van buiten de plaats|niet opengesteld"
    "|zoeken opgegeven|opgeheven|open",
    "pt": "promoção|mudança no mesmo degrau|de outro local de trabalho|desempregado"
    "|desempregado de longa duração|de fora da população ativa|de fora do local|não anunciado"
    "|procura abandonada|extinto|por preencher",
    "bg": "повишение|преместване на същото стъпало|от друго предприятие|търсещ работа"
    "|дълго безработен|извън работната сила|от друго място|необявено|отказано търсене|закрито"
    "|свободно",
}

SCHOOLED = 25  # before this age the schooling in the files is the level that will be reached
MOVES = ("promotion", "sideward_move", "hire_from_workplace")
_COLOURS = {  # Okabe and Ito, apart for the colour-blind and in print
    "promotion": "#009E73",
    "sideward_move": "#56B4E9",
    "hire_from_workplace": "#0072B2",
    "end": "#D55E00",
}


def read_chain_tables(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Read what a story needs from a results folder: links, chains, people, workplaces.

    Raises
    ------
    ResultError
        When a file is missing or damaged.
    """
    return {
        name: read_table(folder, f"{name}.parquet").to_pandas(types_mapper=_exact)
        for name in ("links", "chains", "people", "workplaces")
    }


def _exact(kind: Any) -> Any:
    # keys do not fit into floats: keep integers with missing values as integers
    import pyarrow as pa

    exact = {
        pa.int64(): pd.Int64Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int8(): pd.Int8Dtype(),
    }
    return exact.get(kind)


def pick_chain(chains: pd.DataFrame, which: str | int = "longest", seed: int = 1) -> int:
    """Return the id of a chain.

    Parameters
    ----------
    chains
        Rows of ``chains.parquet``.
    which
        ``"longest"`` (closed chains first, then the smallest id), ``"random"`` or an id.
    seed
        Seed of the random choice.

    Raises
    ------
    ResultError
        When there is no such chain.
    """
    if chains.empty:
        raise ResultError("There are no chains in these results.")
    if chains[["chain_id", "length", "end"]].isna().any(axis=None):
        raise ResultError("chains.parquet lacks an id, a length or an end; see what check says.")
    if which == "longest":
        order = chains.assign(open=chains["end"] == "open").sort_values(
            ["length", "open", "chain_id"], ascending=[False, True, True], kind="stable"
        )
        return int(order["chain_id"].iloc[0])
    if which == "random":
        at = np.random.default_rng(seed).integers(len(chains))
        return int(chains["chain_id"].iloc[int(at)])
    try:
        chain_id = int(which)
    except ValueError:
        raise ResultError(f"'{which}' is no chain: give longest, random or an id.") from None
    if not (chains["chain_id"] == chain_id).any():
        first, last = chains["chain_id"].min(), chains["chain_id"].max()
        raise ResultError(
            f"There is no chain {chain_id} in these results (ids run from {first} to {last})."
        )
    return chain_id


def _text(lang: str) -> dict[str, str]:
    return _TEXT.get(lang, _TEXT["en"])


def _rows(links: pd.DataFrame, chain_id: int) -> list[Any]:
    return list(links[links["chain_id"] == chain_id].sort_values("place").itertuples())


def _post(text: dict[str, str], rung: int, workplace: int, sectors: dict[int, str]) -> str:
    return text["at"].format(
        post=text[f"rung{int(rung)}"],
        workplace=int(workplace),
        sector=sectors.get(int(workplace), "?").replace("_", " "),
    )


def _person(text: dict[str, str], link: Any, people: dict[int, Any]) -> str:
    person = people.get(int(link.person))
    if person is None:
        return text["somebody"]
    age = (int(link.closed_month) - int(person.birth_month)) // 12
    key = "young" if age < SCHOOLED else "aged"
    return text[key].format(who=text[person.sex], age=age, education=text[link.person_education])


def _waited(text: dict[str, str], link: Any) -> str:
    months = int(link.closed_month) - int(link.opened_month)
    if months == 0:
        at_once = link.closed_round == link.opened_round
        return text["at_once" if at_once else "same_month"] + _comma(text)
    return (text["after_one"] if months == 1 else text["after"].format(n=months)) + _comma(text)


def _comma(text: dict[str, str]) -> str:
    return "," if text is _TEXT["en"] else ""


def tell_chain(
    links: pd.DataFrame,
    chains: pd.DataFrame,
    people: pd.DataFrame,
    workplaces: pd.DataFrame,
    chain_id: int | str = "longest",
    lang: str = "en",
    sector_names: Mapping[str, str] | None = None,
) -> list[str]:
    """Tell one chain in plain sentences.

    Parameters
    ----------
    links, chains, people, workplaces
        Rows of the files of a run (see :func:`read_chain_tables`).
    chain_id
        Id of a chain, ``"longest"`` or ``"random"``.
    lang
        Language: ``en``, ``fi``, ``sv``, ``nl``, ``pt`` or ``bg``; others are told in English.
    sector_names
        Names of sectors in this language by the word in the files.

    Returns
    -------
    list of str
        A title, one or two sentences for each link, and a closing sentence.

    Raises
    ------
    ResultError
        When the tables contradict each other.
    """
    try:
        return _told(links, chains, people, workplaces, chain_id, lang, sector_names)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ResultError(
            f"Chain {chain_id} cannot be told, since the files of the run contradict each other; "
            "see what check says."
        ) from error


def _told(
    links: pd.DataFrame,
    chains: pd.DataFrame,
    people: pd.DataFrame,
    workplaces: pd.DataFrame,
    chain_id: int | str,
    lang: str,
    sector_names: Mapping[str, str] | None,
) -> list[str]:
    text = _text(lang)
    chain_id = pick_chain(chains, chain_id)
    chain = chains[chains["chain_id"] == chain_id].iloc[0]
    rows = _rows(links, chain_id)
    names = sector_names or {}
    sectors = {
        int(place): names.get(word, word)
        for place, word in zip(workplaces["workplace"], workplaces["sector"], strict=True)
    }
    named = {int(link.person) for link in rows if not pd.isna(link.person)}
    known = {int(p.person): p for p in people[people["person"].isin(named)].itertuples()}
    story = [text["title"].format(chain=chain_id)]
    first = rows[0]
    story.append(
        text[chain["origin"]].format(
            when=text["when"].format(month=int(chain["origin_month"])),
            post=_post(text, first.rung, first.workplace, sectors),
        )
    )
    for link in rows:
        words = {}
        if not pd.isna(link.closed_month):
            words["waited"] = _waited(text, link)
        if not pd.isna(link.person):
            words["person"] = _person(text, link, known)
        if link.fill in MOVES:
            words["old"] = (
                text[f"rung{int(link.from_rung)}"]
                if link.fill == "promotion"
                else _post(text, link.from_rung, link.from_workplace, sectors)
            )
        key = link.fill
        if key in ("hire_short_term_unemployed", "hire_long_term_unemployed"):
            key = "hire_unemployed"
            words["spell"] = _spell(text, int(link.person_months_unemployed))
        elif (
            key == "hire_outside_region"
            and link.person_state_before == "employed_elsewhere"
            and link.person_resident
        ):
            key = "hire_from_elsewhere"
        sentence = text[key].format(**words)
        story.append(sentence[:1].upper() + sentence[1:])
        if link.fill in MOVES and text["emptied"]:
            story[-1] += " " + text["emptied"]
    moves = sum(link.fill in MOVES for link in rows)
    story.append(
        text["sum_one"] if len(rows) == 1 else text["sum"].format(n=len(rows), moves=moves)
    )
    return story


def _spell(text: dict[str, str], months: int) -> str:
    if months < 1:
        return text["spell_short"]
    return text["spell_one"] if months == 1 else text["spell"].format(n=months)


def draw_chain(
    links: pd.DataFrame,
    chains: pd.DataFrame,
    chain_id: int | str = "longest",
    lang: str = "en",
    rounds: int = 4,
) -> Figure:
    """Draw one chain as a staircase: each vacancy a bar from opening to closing on its rung.

    Parameters
    ----------
    links, chains
        Rows of the files of a run.
    chain_id
        Id of a chain, ``"longest"`` or ``"random"``.
    lang
        Language of the labels.
    rounds
        Hiring rounds in a month.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved with :func:`save_figure`.
    """
    from matplotlib.figure import Figure

    text = _text(lang)
    fills = dict(zip(labels(Fill), _FILLS.get(lang, _FILLS["en"]).split("|"), strict=True))
    chain_id = pick_chain(chains, chain_id)
    rows = _rows(links, chain_id)
    opened = [link.opened_month + link.opened_round / rounds for link in rows]
    last = max([*opened, *(_closed(link, rounds) for link in rows if link.fill != "open")])
    right = last + 0.5
    # links on one rung stand below each other, later ones lower
    on_rung: dict[int, int] = {}
    heights = []
    for link in rows:
        number = on_rung.get(int(link.rung), 0)
        on_rung[int(link.rung)] = number + 1
        heights.append(int(link.rung) - 0.16 * number)
    figure = Figure(
        figsize=(9, 1.6 + 0.9 * (max(on_rung) - min(on_rung) + 1)), layout="constrained"
    )
    axes = figure.add_subplot()
    for i, link in enumerate(rows):
        closed = right if link.fill == "open" else _closed(link, rounds)
        colour = _COLOURS.get(link.fill, _COLOURS["end"])
        axes.plot([opened[i], closed], [heights[i]] * 2, color=colour, lw=6, solid_capstyle="butt")
        axes.plot(opened[i], heights[i], "o", color=colour, ms=7)
        axes.annotate(
            f"{link.place}. {fills[link.fill]}",
            (opened[i], heights[i]),
            xytext=(2, 7),
            textcoords="offset points",
            fontsize=8,
        )
        if i + 1 < len(rows):
            axes.annotate(
                "",
                (opened[i + 1], heights[i + 1]),
                xytext=(closed, heights[i]),
                arrowprops={"arrowstyle": "->", "color": "0.35", "lw": 1.2},
            )
        elif link.fill != "open":
            axes.plot(closed, heights[i], "s", color=_COLOURS["end"], ms=8)
    names = text["rungs"].split(",")
    shown = range(min(on_rung), max(on_rung) + 1)
    axes.set_yticks(list(shown), [f"{rung}  {names[rung]}" for rung in shown])
    axes.set_ylim(min(heights) - 0.4, max(heights) + 0.5)
    axes.set_xlim(min(opened) - 0.3, right + 0.8)
    axes.set_xlabel(text["axis_month"])
    axes.set_ylabel(text["axis_rung"])
    axes.set_title(text["title"].format(chain=chain_id), loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _closed(link: Any, rounds: int) -> float:
    return link.closed_month + link.closed_round / rounds


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG and SVG, the same bytes for the same figure.

    Parameters
    ----------
    figure
        The figure.
    path
        Path without suffix.
    """
    import matplotlib

    path = Path(path)
    with matplotlib.rc_context({"svg.hashsalt": "vacancy-chains", "svg.fonttype": "path"}):
        figure.savefig(path.with_name(path.name + ".svg"), metadata={"Date": None})
    figure.savefig(path.with_name(path.name + ".png"), dpi=150, metadata={"Software": None})
