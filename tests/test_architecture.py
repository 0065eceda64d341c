"""The picture of the rooms: what it draws is what the modules import."""

from test_rooms import FLOOR

from tfmxbench.report.site import architecture


def test_every_room_is_drawn_and_no_arrow_is_lost():
    graph = architecture.arrows()
    assert set(graph) == set(FLOOR) - {"report"}
    drawn = architecture.without_shortcuts(graph)
    for room in graph:
        assert architecture.reachable(room, drawn) == architecture.reachable(room, graph)
    assert sum(map(len, drawn.values())) < sum(map(len, graph.values()))


def test_a_room_stands_above_all_that_it_imports_from():
    graph = architecture.arrows()
    number = {room: floor for floor, rooms in enumerate(architecture.floors(graph)) for room in rooms}
    assert all(number[target] > number[room] for room, targets in graph.items() for target in targets)
    assert number["commands"] == number["report/site"] == 0
    assert number["frameworks"] == max(number.values())


def test_an_arrow_is_drawn_from_an_import():
    graph = architecture.arrows()
    assert "records" in graph["worker"]
    assert "analysis" in graph["measure"]
    assert "measure" not in graph["analysis"]


def test_the_picture_names_the_rooms():
    source = architecture.picture().source
    for room in architecture.rooms():
        assert f">{room}<" in source.replace("\n", ""), room
