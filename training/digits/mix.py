"""Training clips: strings of one virtual speaker's syllables in rooms, noise and codecs.

Everything of a batch follows from its number and the seed, whoever makes it.
"""

import subprocess

import numpy as np
from scipy import fft

import bank
import features

RATE = bank.RATE
SECONDS = (3.0, 4.5, 6.0)
# Clips of one batch by length: about the same work each.
CLIPS = (48, 32, 24)
MOST_LABELS = 14
BANKS = [features.mel_bank(warp) for warp in np.exp(np.linspace(np.log(0.86), np.log(1.16), 25))]


# Noises are drawn from a pool: making one costs as much as the rest of a clip.
POOL = 240
POOL_LENGTH = 106496


def coloured(rng, tilt):
    """Noise whose spectrum falls with f^tilt and has a few wide bumps."""
    count = POOL_LENGTH
    spectrum = rng.normal(size=count // 2 + 1) + 1j * rng.normal(size=count // 2 + 1)
    hertz = np.linspace(1.0, RATE / 2, count // 2 + 1)
    shape = (hertz / 200.0 + 0.1) ** (tilt / 2)
    for _ in range(rng.integers(0, 4)):
        centre = np.exp(rng.uniform(np.log(80), np.log(6000)))
        shape *= 1 + rng.uniform(-0.8, 6) * np.exp(-((np.log(hertz / centre) / rng.uniform(0.02, 0.5)) ** 2))
    made = fft.irfft(spectrum * shape, count).astype(np.float32)
    return made / made.std()


def wavering(rng, count):
    knots = np.exp(rng.normal(0, rng.uniform(0.0, 0.9), max(3, int(count / RATE * rng.uniform(1, 9)))))
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(knots)), knots).astype(np.float32)


class Mixer:
    def __init__(self, voices, seed):
        self.seed = seed
        groups = {"real": [], "morphed": [], "synthetic": [], "plain": [], "english": []}
        for kind, _, tokens in voices:
            by_label = {}
            for label, samples in tokens:
                by_label.setdefault(label, []).append(samples.astype(np.float32))
            groups[kind].append(by_label)
        self.groups = {kind: found for kind, found in groups.items() if found}
        pool = np.random.default_rng([seed, 1 << 40])
        self.noises = [coloured(pool, pool.uniform(-2.5, 0.5)) for _ in range(POOL)]
        self.rooms = [room(pool) for _ in range(POOL)]
        self.everyone = [v for kind in ("real", "morphed", "plain") for v in self.groups.get(kind, [])]

    def batch(self, number, voices=None):
        """(features [clips, frames, 40], labels [clips, 14] padded with 0, lengths)."""
        rng = np.random.default_rng([self.seed, number])
        size = int(rng.integers(len(SECONDS)))
        length, clips = int(SECONDS[size] * RATE), CLIPS[size]
        waves, labels = [], np.zeros((clips, MOST_LABELS), np.int32)
        counts = np.zeros(clips, np.int32)
        for clip in range(clips):
            wave, said = self.clip(rng, length)
            waves.append(wave)
            labels[clip, : len(said)] = said
            counts[clip] = len(said)
        waves = np.stack(waves)
        if rng.random() < 0.2:
            waves = through_codec(waves, rng)
        frames = [self.picture(rng, wave) for wave in waves]
        return np.stack(frames), labels, counts

    def picture(self, rng, wave):
        wave = wave * np.exp(rng.uniform(np.log(0.03), np.log(1.6)))
        if rng.random() < 0.1:
            wave = wave / (np.abs(wave).max() + 1e-9) * rng.uniform(1.0, 3.0)
        wave = np.clip(wave, -1.0, 1.0)
        wave = np.round(wave * 32767.0).astype(np.float32) / 32768.0
        own = BANKS[rng.integers(len(BANKS))] if rng.random() < 0.7 else features.BANK
        made = features.normalise(features.log_mel(wave, own))
        return made

    def clip(self, rng, length):
        draw = rng.random()
        kind = ("real" if draw < 0.36 else "morphed" if draw < 0.54 else "synthetic" if draw < 0.68
                else "plain" if draw < 0.82 else "english" if draw < 0.94 else "other")
        if kind == "other":
            group = self.groups["real"] if rng.random() < 0.6 else self.groups["plain"]
        else:
            group = self.groups[kind]
        voice = group[rng.integers(len(group))]
        digits = [label for label in voice if label != bank.OTHER]
        paused = rng.random() < 0.65
        most = int(rng.integers(1, 8 if length > 4 * RATE else 5))
        if kind == "other" or rng.random() < 0.03:
            most = 0 if rng.random() < 0.2 else most + 3
        wave, said = np.zeros(length, np.float32), []
        speed = np.exp(rng.uniform(np.log(0.85), np.log(1.18)))
        at = int(rng.uniform(0.02, 0.5) * RATE)
        for _ in range(most):
            label = (bank.OTHER if kind == "other" or (rng.random() < 0.06 and bank.OTHER in voice)
                     else digits[rng.integers(len(digits))])
            takes = voice.get(label)
            if takes is None:
                break
            take = takes[rng.integers(len(takes))]
            pace = speed * np.exp(rng.normal(0, 0.05))
            take = np.interp(np.arange(0, len(take) - 1, pace), np.arange(len(take)), take)
            take = take * np.exp(rng.normal(0, 0.25))
            gap = rng.uniform(0.12, 0.9) if paused else rng.uniform(-0.06, 0.15)
            if said:
                at += int(gap * RATE)
            if at + len(take) > length - 400 or len(said) == MOST_LABELS:
                break
            wave[at: at + len(take)] += take
            at += len(take)
            said.append(label)
        # Later silence, anywhere in the clip.
        rest = length - at
        if rest > RATE // 4 and rng.random() < 0.6:
            wave = np.roll(wave, int(rng.integers(0, rest)))
        return self.place(rng, wave), said

    def place(self, rng, wave):
        """Room, microphone and noise."""
        length = len(wave)
        if rng.random() < 0.55:
            wave = reverberate(wave, self.rooms[rng.integers(POOL)])
        if rng.random() < 0.7:
            wave = tone_control(rng, wave)
        loud = wave[np.abs(wave) > 1e-3]
        power = np.sqrt((loud**2).mean()) if len(loud) else 0.05
        at = int(rng.integers(0, POOL_LENGTH - length))
        noise = self.noises[rng.integers(POOL)][at: at + length] * wavering(rng, length)
        if rng.random() < 0.25:
            noise = noise / (noise.std() + 1e-9) + rng.uniform(0.3, 2) * self.babble(rng, length)
        if rng.random() < 0.1:
            hum = np.arange(length) / RATE * 2 * np.pi * rng.choice([50.0, 60.0])
            noise = noise / (noise.std() + 1e-9) + sum(
                rng.uniform(0, 1) * np.sin(hum * k + rng.uniform(0, 6)) for k in range(1, 8))
        if rng.random() < 0.15:
            clicks = np.zeros(length, np.float32)
            for where in rng.integers(0, length - 800, rng.integers(1, 6)):
                size = int(rng.integers(16, 800))
                clicks[where: where + size] += (rng.normal(size=size) * np.exp(-np.arange(size) / size * 5)
                                                * rng.uniform(2, 20)).astype(np.float32)
            noise = noise / (noise.std() + 1e-9) + clicks
        ratio = rng.uniform(3.0, 40.0)
        noise = noise * (power * 10 ** (-ratio / 20) / (noise.std() + 1e-9))
        return (wave + noise).astype(np.float32)

    def babble(self, rng, length):
        made = np.zeros(length, np.float32)
        for _ in range(rng.integers(3, 7)):
            voice = self.everyone[rng.integers(len(self.everyone))]
            takes = [take for found in voice.values() for take in found]
            at = int(rng.integers(0, RATE // 2))
            while at < length - RATE // 10:
                take = takes[rng.integers(len(takes))][: length - at]
                made[at: at + len(take)] += take
                at += len(take) + int(rng.uniform(0, 0.2) * RATE)
        return made / (made.std() + 1e-9)


def room(rng):
    reverberation = rng.uniform(0.08, 0.6)
    count = int(reverberation * RATE)
    tail = rng.normal(size=count) * np.exp(-6.9 * np.arange(count) / count)
    tail[: int(rng.uniform(0.001, 0.012) * RATE)] = 0
    tail *= 10 ** (rng.uniform(-20, 2) / 20) / (np.sqrt((tail**2).sum()) + 1e-9)
    tail[0] = 1.0
    return tail.astype(np.float32)


def masked(rng, frames):
    """SpecAugment: some bands and some moments of every clip hidden, in a copy."""
    frames = frames.copy()
    for made in frames:
        for _ in range(rng.integers(0, 3)):
            band, width = rng.integers(0, 40), rng.integers(1, 7)
            made[:, band: band + width] = 0
        for _ in range(rng.integers(0, 3)):
            at, width = rng.integers(0, len(made)), rng.integers(1, 12)
            made[at: at + width] = 0
    return frames


def reverberate(wave, tail):
    size = fft.next_fast_len(len(wave) + len(tail), real=True)
    return fft.irfft(fft.rfft(wave, size) * fft.rfft(tail, size), size)[: len(wave)]


def tone_control(rng, wave):
    size = fft.next_fast_len(len(wave), real=True)
    spectrum = fft.rfft(wave, size)
    hertz = np.linspace(0, RATE / 2, len(spectrum))
    knots = np.array([0, 150, 400, 1000, 2200, 3400, 8000])
    gains = np.interp(hertz, knots, rng.normal(0, 4.0, 7))
    if rng.random() < 0.3:
        gains -= 24 * np.clip(np.log2(rng.uniform(100, 350) / (hertz + 1)), 0, 2)
    if rng.random() < 0.3:
        gains -= 24 * np.clip(np.log2((hertz + 1) / rng.uniform(2800, 4000)), 0, 2)
    return fft.irfft(spectrum * (10 ** (gains / 20)).astype(np.float32), size)[: len(wave)]


def through_codec(waves, rng):
    """All clips of a batch through Opus or AAC and back, in one go."""
    shape = waves.shape
    top = np.abs(waves).max() + 1e-9
    pcm = (waves.reshape(-1) / top * 0.9 * 32767).astype("<i2").tobytes()
    raw = ["-f", "s16le", "-ar", str(RATE), "-ac", "1"]
    if rng.random() < 0.7:
        codec = ["-c:a", "libopus", "-b:a", f"{int(rng.integers(12, 25))}k", "-compression_level", "2",
                 "-f", "ogg"]
    else:
        codec = ["-c:a", "aac", "-b:a", f"{int(rng.integers(24, 49))}k", "-f", "adts"]
    quiet = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-threads", "1"]
    packed = subprocess.run([*quiet, *raw, "-i", "-", *codec, "-"], input=pcm, check=True,
                            capture_output=True).stdout
    back = subprocess.run([*quiet, "-i", "-", *raw, "-"], input=packed, check=True,
                          capture_output=True).stdout
    found = np.frombuffer(back, "<i2").astype(np.float32) / 32767 / 0.9 * top
    count = shape[0] * shape[1]
    # AAC starts a frame late; what is over at the end is cut.
    found = np.pad(found, (0, max(0, count - len(found))))[:count]
    return found.reshape(shape)
