"""Log-mel features of the digit recogniser: what speech/features.rs computes, in numpy.

Both sides are pinned by the same golden vector (see golden.py and the Rust tests): change one
only together with the other, and train again.
"""

import numpy as np
from scipy import fft

RATE = 16000
WINDOW = 400
HOP = 160
FFT = 512
MELS = 40
LOW_HZ = 80.0
HIGH_HZ = 3800.0
EPSILON = 1e-6
FLOOR_BELOW_MAX = 11.5
SCALE = 2.5  # the one global deviation: a constant, so that it needs no file


def hertz_to_mel(hertz):
    return 2595.0 * np.log10(1.0 + np.asarray(hertz, np.float64) / 700.0)


def mel_to_hertz(mel):
    return 700.0 * (10.0 ** (np.asarray(mel, np.float64) / 2595.0) - 1.0)


def mel_bank(warp=1.0):
    """Triangles of 40 mel bands; warp > 1 moves every formant down, as a longer tract does."""
    edges = mel_to_hertz(np.linspace(hertz_to_mel(LOW_HZ), hertz_to_mel(HIGH_HZ), MELS + 2)) * warp
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    up = (bins[None, :] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - bins[None, :]) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(up, down)).astype(np.float32)


HANN = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
BANK = mel_bank()


def log_mel(samples, bank=BANK):
    """(frames, 40) of ln(mel energy + 1e-6); samples float in -1..1 at 16 kHz."""
    if len(samples) < WINDOW:
        return np.zeros((0, MELS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    spectrum = fft.rfft((frames * HANN).astype(np.float32), FFT)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.log(power @ bank.T + EPSILON)


def normalise(mel):
    """Floor 11.5 below the clip's maximum, mean of each band removed, one scale."""
    if len(mel) == 0:
        return mel
    mel = np.maximum(mel, mel.max() - FLOOR_BELOW_MAX)
    return ((mel - mel.mean(axis=0)) / SCALE).astype(np.float32)


def features(samples):
    return normalise(log_mel(samples))
