"""Mixes: ``today`` of each place, changes of it, and what is hypothetical."""

import pytest

from scenarios import ScenarioError, load_site, shipped_sites
from scenarios.measures import check_mix_fits, load_mix

KOKKOLA = 'schema = 1\nid = "mine"\nsite = "kokkola"\nnames = { en = "Mine" }\n'


def mix_of(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(KOKKOLA + text, encoding="utf-8")
    return load_mix(path, "kokkola")


@pytest.mark.parametrize("name", shipped_sites())
def test_every_place_has_today_and_a_mix_that_fit_it(name):
    site = load_site(name)
    today = load_mix("today", name)
    assert today == load_mix(site.today, name)
    default = load_mix(site.default_mix, name)
    assert default.entries
    assert default.base == "today"
    assert set(today.measures) <= set(default.measures)
    for mix in (today, default):
        assert mix.site == name
        assert mix.names.fi
        assert mix.names.sv
        known = site.barrier_ids, site.sector_ids, [employer.id for employer in site.employers]
        assert check_mix_fits(mix, *known) == []
    for dose in today.measures.values():
        assert dose.volume in ("published", "unknown")
        assert dose.source
        if dose.volume == "unknown":
            assert dose.grade in "DE"
            assert dose.low < dose.high


def test_what_no_source_describes_is_stamped():
    sofia = load_mix("sofia", "sofia")
    assert set(sofia.hypothetical) == set(sofia.measures)
    for place in ("lisbon", "evora", "lagoa", "pt_digital"):
        mix = load_mix(place, place)
        mobility = {name for name, file in mix.files.items() if file.kind == "worker"}
        assert mobility
        assert mobility <= set(mix.hypothetical)
        assert "pt_training" not in mix.hypothetical


def test_a_change_of_today(tmp_path):
    today = load_mix("today", "kokkola")
    mix = mix_of(tmp_path, 'base = "today"\n[change]\nhiring_subsidy = "-50 %"\nips = "+20 %"\n')
    assert list(mix.measures) == list(today.measures)
    places = {name: mix.places_per_month(name) for name in mix.measures}
    before = {name: today.places_per_month(name) for name in today.measures}
    assert places["hiring_supports"] == pytest.approx(0.5 * before["hiring_supports"])
    assert places["ips"] == pytest.approx(1.2 * before["ips"])
    assert places["work_trial"] == before["work_trial"]
    assert mix.measures["work_trial"] == today.measures["work_trial"]
    # above the full dose the capacity grows
    more = mix_of(tmp_path, 'base = "today"\n[change]\nhiring_supports = "+20%"\n')
    assert more.places_per_month("hiring_supports") == pytest.approx(
        1.2 * before["hiring_supports"]
    )
    gone = mix_of(tmp_path, 'base = "today"\n[change]\nhiring_subsidy = "-100 %"\n')
    assert "hiring_supports" not in gone.measures
    assert "hiring_supports" not in gone.files


def test_measures_are_added_to_today_or_replace_its_services(tmp_path):
    mix = mix_of(
        tmp_path, 'base = "today"\n[measures.taite]\ndose = 0.5\n[measures.ips]\ndose = 0.1\n'
    )
    assert mix.measures["taite"].dose == 0.5
    assert mix.measures["ips"].dose == 0.1
    assert list(mix.files) == list(mix.measures)


def test_today_of_a_place_without_services():
    with pytest.raises(ScenarioError, match="'nowhere' has no mix 'today'"):
        load_mix("today", "nowhere")
    with pytest.raises(ScenarioError, match="say of which"):
        load_mix("today")
