"""The columns of every result file: name, type, unit and meaning.

One table for three uses: it is the schema with which files are written and read
(:mod:`simulator.files`), it is ``codebook.csv``, and it is documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from simulator.codes import (
    Cause,
    Education,
    End,
    EventKind,
    Fill,
    PostState,
    Sex,
    Status,
    Trend,
    labels,
)


class Column(NamedTuple):
    """One column of a result file."""

    name: str
    dtype: str  # int64, int32, int8, float64, bool, string
    unit: str
    meaning: str
    words: type[IntEnum] | str | None = None  # code list, or name of a list of the run

    @property
    def description(self) -> str:
        """The meaning, with the words that the column may hold."""
        if isinstance(self.words, type):
            return f"{self.meaning}: {', '.join(labels(self.words))}"
        return self.meaning


def _key(name: str, meaning: str) -> Column:
    return Column(name, "int64", "key", meaning)


def _month(name: str, meaning: str) -> Column:
    return Column(name, "int32", "month", meaning)


def _round(name: str, meaning: str) -> Column:
    return Column(name, "int8", "round", meaning)


def _rung(name: str, meaning: str) -> Column:
    return Column(name, "int8", "rung", meaning)


def _word(name: str, meaning: str, words: type[IntEnum] | str) -> Column:
    return Column(name, "string", "word", meaning, words)


def _text(name: str, meaning: str) -> Column:
    return Column(name, "string", "word", meaning)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, "bool", "true or false", meaning)


def _number(name: str, unit: str, meaning: str) -> Column:
    return Column(name, "float64", unit, meaning)


def _count(name: str, unit: str, meaning: str) -> Column:
    return Column(name, "int32", unit, meaning)


SECTOR = "sector"  # lists of words that belong to the run, not to the model
MEASURE = "measure"

POSTS = (
    _key("post", "the post; the same key in a world and its twin, never used again"),
    _key("workplace", "workplace of the post"),
    _word("sector", "sector of the post", SECTOR),
    _month("created_month", "month in which the post came into being; negative: before the start"),
    _word("created_by", "why it came into being", Cause),
    _month("removed_month", "month in which it was destroyed; null: still there"),
    _word("removed_by", "why it was destroyed", Cause),
    _word("state_start", "state at the start of month 0; null: made later", PostState),
    _key("holder_start", "person who held it at the start of month 0"),
    _rung("rung_start", "rung at the start of month 0 (0 entry, 3 top); null: made later"),
    _word("state_end", "state after the last month", PostState),
    _key("holder_end", "person who held it after the last month"),
    _rung("rung_end", "rung after the last month"),
)

PEOPLE = (
    _key("person", "the person; the same key in a world and its twin, never used again"),
    _month("entered_month", "month in which the person came into the world"),
    _word("entered_as", "how the person came into the world", Cause),
    _flag("resident", "lived in the place at the start of month 0, or (who came later) on entry"),
    _word("sex", "register sex", Sex),
    _word("education", "level of education (ISCED 0-2, 3-4, 5-8)", Education),
    _month("birth_month", "month of birth; negative: before the start"),
    _word("status_start", "status at the start of month 0; null: came later", Status),
    _word("status_end", "status after the last month", Status),
    _key("post_start", "post held at the start of month 0"),
    _key("post_end", "post held after the last month"),
)

WORKPLACES = (
    _key("workplace", "the workplace: an establishment of one employer in one sector"),
    _key("employer", "employer to which it belongs"),
    _word("sector", "sector of the workplace", SECTOR),
    _count("size_class", "class", "posts when built: 0 is 1-9, 1 is 10-49, 2 is 50-249, 3 is 250+"),
    _count("posts_start", "posts", "posts that were not destroyed, at the start of month 0"),
    _count("posts_end", "posts", "posts that were not destroyed, after the last month"),
    _word("trend", "trend of the workplace in the last year", Trend),
    _flag("considers_long_term", "considers long-term unemployed applicants at all"),
    _flag("takes_part", "an employer measure is active here after the last month"),
    _number("inclusiveness", "share", "scales penalties in hiring and promotion down"),
    _number("internal_first", "log odds", "shift of the chance to look inside first"),
    _number("retention_first", "share", "chance to refuse releases inside when short of staff"),
    _number("backfill", "log odds", "shift of the chance to advertise a vacated post"),
    _number("awareness", "share", "chance to know of supports"),
)

EVENTS = (
    Column("seq", "int64", "number", "order of execution, from 0 at the start of month 0"),
    _month("month", "month of the event"),
    _round("round", "hiring round 1..R of the month; 0 is the monthly part before the rounds"),
    _word("kind", "what happened", EventKind),
    _key("person", "person to whom it happened"),
    _key("post", "post to which it happened"),
    _key("from_post", "post that the person left by the same move"),
    _key("workplace", "workplace of the post"),
    _rung("rung", "rung of the post; upgraded_in_place: the new one (up; down when it is left)"),
    _word("status", "status of the person after the event", Status),
    _flag("resident", "whether the person lives in the place after the event"),
    Column(
        "chain_id",
        "int64",
        "key",
        "vacancy chain: key of the post with which it began x 4096 + number of that opening",
    ),
    _count("place", "number", "position of the link in its chain, from 1"),
    _word("cause", "why it happened", Cause),
    _word("measure", "measure of the mix that was active", MEASURE),
)

LINKS = (
    _key("chain_id", "vacancy chain"),
    _count("place", "number", "position of the link in its chain, from 1"),
    _key("post", "post that became empty"),
    _key("workplace", "workplace of the post"),
    _word("sector", "sector of the post", SECTOR),
    _rung("rung", "rung of the post"),
    _month("opened_month", "month in which the post became empty"),
    _round("opened_round", "round in which the post became empty"),
    _month("closed_month", "month in which somebody started or the vacancy ended; null: open"),
    _round("closed_round", "round in which somebody started or the vacancy ended; null: open"),
    _word("fill", "how the link closed", Fill),
    _key("person", "person who started in the post"),
    _key("from_post", "post that this person left for it; it is the next link of the chain"),
    _key("from_workplace", "workplace of the post left"),
    _rung("from_rung", "rung of the post left"),
    _flag("public", "notified to the employment service; null: never advertised"),
    _word("person_education", "education of the person", Education),
    _word("person_state_before", "status before the start; null: came from outside", Status),
    _count(
        "person_months_unemployed",
        "months",
        "months since the unbroken spell in A, P or S began, at the start in the post",
    ),
    _flag("person_resident", "whether the person lives in the place after the start in the post"),
)

CHAINS = (
    _key("chain_id", "vacancy chain"),
    _word("origin", "why the first post of the chain became empty", Cause),
    _month("origin_month", "month in which the chain began"),
    _round("origin_round", "round in which the chain began"),
    _rung("origin_rung", "rung of the first post"),
    _word("origin_sector", "sector of the first post", SECTOR),
    _key("origin_workplace", "workplace of the first post"),
    _count("length", "links", "number of links, the first included"),
    _word("end", "how the chain ended", End),
    _month("end_month", "month in which the chain ended; null: open"),
    _round("end_round", "round in which the chain ended; null: open"),
    _rung("end_rung", "rung of the last link (of an open chain: the link that is open)"),
)

MONTHLY = (
    _text("mix", "mix of measures"),
    _text("closure", "demand closure: R (posts do not react) or E (posts react to fill chances)"),
    _text("strength", "strength of measures that nobody has measured: none, assumed or top"),
    _month("month", "month; stocks are counted at its end"),
    _text("outcome", "outcome, as defined in docs/outcomes.md"),
    _text("breakdown", "what the groups are: all, or one attribute at a time"),
    _text("group", "group within the breakdown"),
    _number("mean", "as the outcome", "mean over replications"),
    _number("ci_low", "as the outcome", "lower end of the 90 % interval of the mean"),
    _number("ci_high", "as the outcome", "upper end of the 90 % interval of the mean"),
)

SUMMARY = (
    _text("mix", "mix of measures"),
    _text("against", "reference with which it is compared"),
    _text("closure", "demand closure: R (posts do not react) or E (posts react to fill chances)"),
    _text("strength", "strength of measures that nobody has measured: none, assumed or top"),
    _text("outcome", "outcome, as defined in docs/outcomes.md"),
    _text("unit", "unit of the outcome"),
    _text("breakdown", "what the groups are: all, or one attribute at a time"),
    _text("group", "group within the breakdown"),
    _text("design", "cohorts or whole horizon"),
    _count("months", "months", "length of the window in which the outcome is counted"),
    _number("reference", "as the outcome", "mean in the reference"),
    _number("scenario", "as the outcome", "mean under the mix"),
    _number("difference", "as the outcome", "mean difference, mix less reference"),
    _number("ci_low", "as the outcome", "lower end of the interval of the mean difference"),
    _number("ci_high", "as the outcome", "upper end of the interval of the mean difference"),
    _number("ci_level", "share", "level of the interval (0.90)"),
    _count("replications", "pairs", "number of replications behind the mean"),
)

_ARM = SUMMARY[:4] + (_text("design", "cohorts or whole horizon"),)

HEADLINE = (
    *_ARM,
    _text("section", "part of the table of headline numbers in the report"),
    _text(
        "row",
        "headline number, see docs/definitions.md; people_per_placement: served for one "
        "more at work; added: what the assumed effects add; needed: multiple of the assumed "
        "strength for one more per 100; seen_*: a monthly figure of the place",
    ),
    _text("unit", "unit of the numbers"),
    _number(
        "reference",
        "as the unit",
        "the same in the reference; seen_*: the usual change (sd) "
        "of the figure from month to month; null: has none",
    ),
    _number("value", "as the unit", "the number; null: not determined"),
    _number("ci_low", "as the unit", "lower end of the interval; needed: at best; null: open"),
    _number("ci_high", "as the unit", "upper end of the interval; needed: at worst; null: open"),
    _number("ci_level", "share", "level of the interval (0.90)"),
    _count("replications", "pairs", "number of replications behind the mean"),
)

COSTS = (
    *_ARM,
    _text("measure", "measure of the mix or of the reference"),
    _count("year", "year", "year since the mix started, from 1"),
    _text("unit", "what the price counts: a participant, a participant and month, an event, ..."),
    _number("bought", "as the unit", "bought in the mix world less in the reference, mean"),
    _number("participants", "people or workplaces", "taken in, mix world less reference, mean"),
    _number("price", "EUR per unit", "price; null: nobody has said it"),
    _number("price_low", "EUR per unit", "lower end of the range of the price"),
    _number("price_high", "EUR per unit", "upper end of the range of the price"),
    _text("grade", "grade of the price: A measured here to E stand-in"),
    _number("fixed", "EUR", "fixed costs of the year, mix world less reference"),
    _number("cost", "EUR", "bought x price + fixed; null: the price is unknown"),
)

MONEY = (
    *_ARM,
    _text("payer", "who pays and who saves; unknown: no source says"),
    _count("year", "year", "year since the mix started, from 1"),
    _number("cost", "EUR", "known costs, mix world less reference, mean"),
    _number("saved", "EUR", "benefits not paid, mean"),
    _number("net", "EUR", "saved less cost"),
    _number("ci_low", "EUR", "lower end of the interval of net"),
    _number("ci_high", "EUR", "upper end of the interval of net"),
    _number("ci_level", "share", "level of the interval (0.90)"),
    _count("replications", "pairs", "number of replications behind the mean"),
    _number("benefit", "EUR per month", "benefits of a registered month, all payers"),
)

WORLD = (
    _text("margin", "margin of the evidence that the world was built from"),
    _text("cell", "cell of the margin"),
    _number("target", "as the margin", "number that was asked for"),
    _number("built", "as the margin", "number in the world as built"),
    _number("at_start", "as the margin", "number at the start of month 0, after settling"),
    _text("source", "source of the target"),
)

CODEBOOK = (
    _text("file", "file of the results folder"),
    _text("column", "column of the file"),
    _text("type", "int64, int32, int8, float64, bool or string"),
    _text("unit", "unit of the numbers"),
    _text("meaning", "what the column says, with its words"),
)

FILES: dict[str, tuple[Column, ...]] = {
    "posts.parquet": POSTS,
    "people.parquet": PEOPLE,
    "workplaces.parquet": WORKPLACES,
    "events.parquet": EVENTS,
    "links.parquet": LINKS,
    "chains.parquet": CHAINS,
    "monthly.parquet": MONTHLY,
    "summary.csv": SUMMARY,
    "headline.csv": HEADLINE,
    "costs.csv": COSTS,
    "money.csv": MONEY,
    "world.csv": WORLD,
    "codebook.csv": CODEBOOK,
}

BARRIER = "barrier_"  # prefix of the barrier flags in people.parquet


def columns_of(file: str, barriers: Mapping[str, str] | None = None) -> tuple[Column, ...]:
    """Return the columns of a file in order.

    Parameters
    ----------
    file
        Name of a result file.
    barriers
        Barriers of the place, id to meaning; ``people.parquet`` has one flag for each.

    Examples
    --------
    >>> [column.name for column in columns_of("people.parquet", {"no_network": "no network"})][7]
    'barrier_no_network'
    """
    columns = FILES[file]
    if file == "people.parquet" and barriers:
        flags = tuple(_flag(BARRIER + name, text) for name, text in barriers.items())
        columns = columns[:7] + flags + columns[7:]
    return columns
