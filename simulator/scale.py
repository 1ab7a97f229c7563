"""Large places at a scale: one person in K, whole workplaces, outputs multiplied back.

A place at scale K is the same place with all head counts, flows of people and vacancies divided by
K. Workplaces keep their sizes, so that ladders stay whole and there are K times fewer of them. The
large employers that the site file names keep their share of posts, but never fall below the largest
size class: no rule depends on size above it.
"""

from __future__ import annotations

from scenarios import ScenarioError, Site

SMALLEST_LARGE = 250  # posts of the largest size class
FEWEST_POSTS = 500  # a smaller world has empty sectors
# below, markets of one sector and rung hold too few vacancies: fewer searches find any, and more
# recruitments fail (``python -m calibration.scale kokkola --scales 1 2 10``)
ENOUGH_POSTS = 10_000


def check_scale(filled_posts: float, scale: int) -> None:
    """Refuse a scale at which results are known to change.

    Parameters
    ----------
    filled_posts : float
        Of the scaled place.
    scale : int
        The scale.

    Raises
    ------
    ScenarioError
        When fewer than :data:`ENOUGH_POSTS` are left at a scale above 1.
    """
    if scale > 1 and filled_posts < ENOUGH_POSTS:
        highest = max(int(filled_posts * scale // ENOUGH_POSTS), 1)
        raise ScenarioError(
            [
                f"--scale {scale} leaves {filled_posts:.0f} filled posts, too few for stable "
                f"results; use 1 to {highest}."
            ]
        )


def scaled_site(site: Site, scale: int) -> Site:
    """Return a place with one person in ``scale``.

    Parameters
    ----------
    site : Site
        The place at full size.
    scale : int
        1 and more; 1 returns the place itself.

    Raises
    ------
    ScenarioError
        When so few would be left that sectors stand empty.
    """
    if scale == 1:
        return site
    posts = site.margins.filled_posts.value
    highest = max(int(posts // FEWEST_POSTS), 1)
    if not 1 <= scale <= highest:
        raise ScenarioError(
            [f"--scale {scale}: {site.id} has {posts:.0f} filled posts; use 1 to {highest}."]
        )

    def part(table, *names: str):  # noqa: ANN001, ANN202
        return table.model_copy(
            update={
                name: number.model_copy(update={"value": number.value / scale})
                for name in names
                if (number := getattr(table, name)) is not None
            }
        )

    employers = []
    for entry in site.employers:
        posts = entry.posts.value
        now = min(max(posts / scale, SMALLEST_LARGE), posts)
        employers.append(
            entry.model_copy(update={"posts": entry.posts.model_copy(update={"value": now})})
        )
    return site.model_copy(
        update={
            "margins": part(site.margins, "residents", "filled_posts", "register_unemployed"),
            "vacancies": part(site.vacancies, "public_stock", "public_opened"),
            "demography": part(site.demography, "movers_with_job"),
            "employers": employers,
        }
    )
