"""What the browser tests of Explore share: a home with a tuned model, and the way to a part of the tab."""

import shutil

import pytest

from workbench.services import Services
from workbench.settings import Settings


@pytest.fixture(scope="module")
def services(workshop, tmp_path_factory):
    """Services over a copy of the workshop's home: the tests of this module add to it."""
    home = tmp_path_factory.mktemp("explored") / "home"
    shutil.copytree(workshop.settings.home, home)
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    yield opened
    opened.close()


@pytest.fixture
def dictionary(services, toy_csv, request):
    """The toy dictionary under the test's own name."""
    name = services.unique_dictionary_name(request.node.name[:50])
    found = services.preview_dictionary(toy_csv, "toy.csv")
    return services.save_dictionary(name, found, source="toy.csv").name


@pytest.fixture
def groups(services, dictionary):
    """Some groups: standard term, synonyms."""
    return [(group.standard, *group.synonyms) for group in services.editor.page(dictionary, size=20).groups]


@pytest.fixture(scope="module")
def contexts(chromium):
    size = {"width": 1280, "height": 720}
    return {
        locale: chromium.new_context(viewport=size, locale=locale, accept_downloads=True)
        for locale in ("zh-CN", "en-GB")
    }


@pytest.fixture
def visit(browse, contexts, address, dictionary):
    """Opens a part of the tab on the dictionary and the tuned model."""

    def open_page(part="pair", locale="en-GB", name=None, model="tuned", fresh=True):
        script = f"localStorage['workbench.explore.part'] = '{part}';"
        if fresh:
            script = (
                "if (!sessionStorage.begun) { localStorage.clear(); sessionStorage.begun = 1; " + script + "}"
            )
        page = browse(f"{address}#explore", context=contexts[locale], script=script)
        page.wait_for_selector(f"#explore-part-{part}.on")
        page.evaluate("wish => WB.use(wish)", {"dictionary": name or dictionary, "model": model})
        page.wait_for_function(
            "name => document.querySelector('#explore-dictionary input').value === name",
            arg=name or dictionary,
        )
        return page

    return open_page
