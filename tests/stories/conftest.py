import pytest

from tests.stories.story import Story, load_stories

STORIES = load_stories()


@pytest.fixture(params=sorted(STORIES))
def story(request: pytest.FixtureRequest) -> Story:
    return STORIES[request.param]


@pytest.fixture
def sip() -> Story:
    return STORIES["sip-hemma"]


@pytest.fixture
def discharge() -> Story:
    return STORIES["utskrivning"]
