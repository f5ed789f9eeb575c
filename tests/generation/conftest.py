"""A fake endpoint and the settings of one that asks it."""

import pytest
from generation.fake_endpoint import FakeEndpoint

from workbench.generation.endpoint import EndpointConfig


@pytest.fixture
def fake():
    server = FakeEndpoint()
    yield server
    server.close()


@pytest.fixture
def config(fake):
    return EndpointConfig(fake.url, "qwen2.5:7b", timeout=3.0)
