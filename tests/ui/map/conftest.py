"""What the browser tests of the map share: a home with two tuned models, and the way to a map."""

import pytest
from map_on_screen import home_with_two_runs, opened_map, thirty_groups


@pytest.fixture(scope="module")
def services(tmp_path_factory, tiny_model_folder, toy_csv):
    opened = home_with_two_runs(tmp_path_factory.mktemp("atlas") / "home", tiny_model_folder, toy_csv)
    yield opened
    opened.close()


@pytest.fixture
def own(services, toy_pairs, request):
    """A dictionary of the test's own."""
    return thirty_groups(services, toy_pairs, request.node.name[:60])


@pytest.fixture
def visit(browse, address):
    """Opens the map of a dictionary."""

    def open_map(dictionary="toy", model="second", **more):
        return opened_map(browse, address, dictionary, model, **more)

    return open_map
