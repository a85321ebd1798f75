"""Writes the golden vector that crates/biometrics/src/speech/mel.rs is tested against."""

import sys

import numpy as np

import features


def signal():
    t = np.arange(8000) / features.RATE
    tone = lambda hertz: np.sin(2 * np.pi * hertz * t)
    loud = np.where((np.arange(8000) >= 3200) & (np.arange(8000) < 4800), 0.0, 0.3)
    wave = tone(200 + 300 * t) + 0.5 * tone(1500.0) + 0.2 * tone(3000 - 900 * t)
    return (loud * wave).astype(np.float32)


if __name__ == "__main__":
    found = features.features(signal())
    with open(sys.argv[1], "w", encoding="utf-8") as golden:
        for frame in (0, 11, 19, 24, 31, 47):
            golden.write(" ".join(f"{value:.5f}" for value in found[frame]) + "\n")
