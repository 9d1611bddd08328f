"""The window of a game: its picture, enlarged, what there is to say beside it, and the keys that are pressed."""

import os
from collections.abc import Sequence

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

from rlab.playing.keys import QUIT
from rlab.types import Array, UserError

_WIDTH, _HEIGHT = 800, 630  # pixels that an enlarged picture stays within at first: three times an Atari screen
_SIDE, _MARGIN, _LINE, _SIZE = 300, 16, 26, 24
_BACKGROUND, _TEXT, _FAINT = (22, 24, 29), (240, 240, 240), (154, 160, 172)
_INVISIBLE = ("dummy", "offscreen")  # drivers of SDL that show nothing


class Window:
    """A window on the screen. Raises UserError if there is no screen."""

    def __init__(self, title: str) -> None:
        try:
            pygame.display.init()
            shown = pygame.display.get_driver() not in _INVISIBLE or "SDL_VIDEODRIVER" in os.environ
        except pygame.error:
            shown = False
        if not shown:
            pygame.display.quit()
            raise UserError("there is no screen to play on: DISPLAY or WAYLAND_DISPLAY has to name one")
        pygame.event.clear()  # what another window has left
        pygame.font.init()
        pygame.display.set_caption(title)
        self._font = pygame.font.Font(None, _SIZE)
        self._surface: pygame.Surface | None = None  # until the size of the picture is known
        self._clock = pygame.time.Clock()
        self._held: list[str] = []

    def keys(self) -> tuple[list[str], list[str]]:
        """The keys that are pressed, in the order in which they were, and those that were struck since the last call.

        The latter are among the former even if they were let go, so that no short stroke is missed. Closing the window
        counts as striking the key to quit.
        """
        struck = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                struck.append(QUIT)
            elif event.type in (pygame.KEYDOWN, pygame.KEYUP):
                name = pygame.key.name(event.key)
                self._held = [key for key in self._held if key != name]
                if event.type == pygame.KEYDOWN:
                    self._held.append(name)
                    struck.append(name)
        return [*(key for key in self._held if key not in struck), *struck], struck

    def show(self, picture: Array | None, lines: Sequence[tuple[str, str]], pictures_per_second: float) -> None:
        """Show a picture [H, W, 3] RGB beside lines of two words each, no sooner than is due after the one before."""
        height, width = picture.shape[:2] if picture is not None else (0, 0)
        if self._surface is None:
            factor = max(1, min(_HEIGHT // height, _WIDTH // width)) if picture is not None else 1
            size = width * factor + _SIDE, max(height * factor, (len(lines) + 2) * _LINE)
            self._surface = pygame.display.set_mode(size, pygame.RESIZABLE)
        surface = pygame.display.get_surface() or self._surface  # another one once its size was changed
        surface.fill(_BACKGROUND)
        left = 0
        if picture is not None:
            factor = max(1, min(surface.get_height() // height, (surface.get_width() - _SIDE) // width))
            drawn = pygame.image.frombuffer(picture.tobytes(), (width, height), "RGB")
            surface.blit(pygame.transform.scale(drawn, (width * factor, height * factor)), (0, 0))
            left = width * factor
        for number, (word, text) in enumerate(lines):
            y = _MARGIN + number * _LINE
            surface.blit(self._font.render(word, True, _FAINT), (left + _MARGIN, y))
            surface.blit(self._font.render(text, True, _TEXT), (left + _MARGIN + _SIDE // 3, y))
        pygame.display.flip()
        self._clock.tick(pictures_per_second)

    def close(self) -> None:
        pygame.display.quit()
