from tests.fakes.gemini import FakeGemini
from tests.fakes.models.command import main

if __name__ == "__main__":
    main(FakeGemini)
