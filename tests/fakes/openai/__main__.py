from tests.fakes.models.command import main
from tests.fakes.openai import FakeOpenAI

if __name__ == "__main__":
    main(FakeOpenAI)
