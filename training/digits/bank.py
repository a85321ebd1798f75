"""The bank of voices: every digit and some other syllables, said by hundreds of virtual speakers.

Sources: the openly licensed recordings (HanTTS, TCL606, both MIT), volunteers' recordings if a
folder is given, and espeak-ng's synthetic voices. A few real voices are spread into many by the
WORLD vocoder (pitch, tune, length, vocal tract, breath) and by morphing between two voices.
Deterministic: every virtual speaker draws from its own seed.
"""

import csv
import io
import subprocess
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyworld
import soundfile
from scipy.signal import resample_poly

RATE = 16000
# Labels: 0 blank, 1..10 Mandarin 0..9, 11 yao, 12..21 English 0..9, 22 a syllable that is no digit.
YAO = 11
ENGLISH = 12
OTHER = 22
LABELS = 23
FRAME_MS = 5.0

# The voice `cmn` of espeak-ng 1.51 spells Chinese characters as English letters and numbers
# ("ling two"); its sister voice that takes pinyin speaks Mandarin.
MANDARIN = "cmn-latn-pinyin"
DIGITS = [["ling2"], ["yi1", "yi1", "yi4"], ["er4"], ["san1"], ["si4"], ["wu3", "wu2", "wu3"],
          ["liu4"], ["qi1"], ["ba1"], ["jiu3", "jiu3", "jiu2"]]
# Syllables that no digit is easily taken for, nor a digit for them.
SYLLABLES = (
    "a ai an ang ao bai ban bang bao bei ben beng bian biao bie bin bing bo bu cai cang cao cha "
    "chai chang chao che chen cheng chong chou chu chuan chui da dai dan dang dao de deng dian "
    "diao die ding dong dou du duan dui dun duo en fa fan fang fei fen feng gai gan gang gao ge "
    "gen geng gong gu gua guai guan guang gui guo hai han hang hao he hei hen hong hua huai huan "
    "huang hui huo jia jian jiang jiao jie jing ju jue kai kan kang kao ke ken kong ku kuai kuan "
    "lai lan lang lao le lei leng liang lie long lou lu luo ma mai man mang mao mei men meng mian "
    "miao min mo mu nai nan nao nei neng nian niao nong nu nuo pai pan pang pao pei pian piao pin "
    "po pu qian qiang qiao qie qing qu quan que ran rang rao re ren reng ri rong ru ruan ruo sha "
    "shang shao she shen sheng shou shu shuai shuo song su suan sui suo ta tai tan tang tao te "
    "teng tian tiao tie ting tong tou tu tuan tui tuo wai wan wang wei wen xia xian xiang xiao xie "
    "xing xu xuan xue ya yang ye yin yong you yu yuan yue yun zai zang zao ze zen zhang zhao zhe "
    "zhen zheng zhong zhou zhu zhuan zhun zong zou zu zui zuo").split()
ENGLISH_WORDS = "zero one two three four five six seven eight nine".split()
ENGLISH_VOICES = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan",
                  "en-gb-x-gbcwmd", "en-029", "en-us-nyc"]
# Effects rather than voices.
NO_VOICE = {"Demonic", "whisper", "whisperf", "UniRobot", "AnxiousAndy", "croak", "Storm"}


def variants():
    listing = subprocess.run(["espeak-ng", "--voices=variant"], check=True, capture_output=True,
                             text=True).stdout
    found = sorted({line.split("!v/")[1].split()[0] for line in listing.splitlines() if "!v/" in line})
    return [name for name in found if name not in NO_VOICE]


def espeak(voice, variant, pitch, rate, text):
    wave = subprocess.run(["espeak-ng", "-v", f"{voice}+{variant}", "-p", str(pitch), "-s", str(rate),
                           "--stdout", text], check=True, capture_output=True).stdout
    samples, found = soundfile.read(io.BytesIO(wave), dtype="float32")
    if found != RATE:
        samples = resample_poly(samples, RATE, found).astype(np.float32)
    return trim(samples)


def trim(samples):
    """The one utterance in a recording: the stretch around its loudest part."""
    hop = 80
    count = len(samples) // hop
    if count < 8:
        return samples
    # Bright sounds count more: a fricative onset is weak and high, a bumped microphone strong and low.
    bright = np.diff(samples, prepend=samples[:1])
    level = np.sqrt((bright[: count * hop].reshape(count, hop) ** 2).mean(axis=1))
    level = np.convolve(level, np.ones(5) / 5, mode="same")
    threshold = max(level.max() * 0.04, 2.5 * np.percentile(level, 25) if count > 120 else 0.0)
    loud = level > min(threshold, level.max() * 0.25)
    start = end = int(level.argmax())
    quiet = 0
    while start > 0 and quiet < 10:
        start -= 1
        quiet = 0 if loud[start] else quiet + 1
    start += quiet
    quiet = 0
    while end < count - 1 and quiet < 10:
        end += 1
        quiet = 0 if loud[end] else quiet + 1
    end -= quiet
    cut = samples[max(0, (start - 5) * hop): (end + 6) * hop].copy()
    return fade(cut)


def fade(samples, length=80):
    length = min(length, len(samples) // 4)
    if length:
        ramp = np.linspace(0.0, 1.0, length, dtype=np.float32)
        samples[:length] *= ramp
        samples[-length:] *= ramp[::-1]
    return samples


def level(samples):
    """Same loudness for all: -26 dBFS over the voiced part."""
    power = np.sort(samples**2)[len(samples) // 2:]
    return (samples * (0.05 / np.sqrt(power.mean() + 1e-12))).astype(np.float32)


class Voice:
    """WORLD's view of one utterance."""

    def __init__(self, samples):
        x = samples.astype(np.float64)
        pitch, times = pyworld.dio(x, RATE, frame_period=FRAME_MS, f0_floor=60.0, f0_ceil=500.0)
        self.pitch = pyworld.stonemask(x, pitch, times, RATE)
        self.envelope = pyworld.cheaptrick(x, self.pitch, times, RATE)
        self.noise = pyworld.d4c(x, self.pitch, times, RATE)


class Shape:
    """How a virtual speaker differs from its source."""

    def __init__(self, rng):
        self.pitch = rng.uniform(95.0, 300.0)
        self.tune = rng.uniform(0.35, 1.5)
        self.length = np.exp(rng.uniform(np.log(0.62), np.log(1.35)))
        self.tract = np.exp(rng.uniform(np.log(0.82), np.log(1.22)))
        self.formants = np.exp(rng.normal(0.0, 0.05, 5))
        self.tilt = rng.uniform(-6.0, 6.0)
        self.breath = rng.choice([0.0, rng.uniform(0.0, 0.5)])
        self.sharp = rng.uniform(0.75, 1.2)


def time_map(count, length, rng):
    """Source frame of every new frame: uneven, so that onsets and vowels change differently."""
    knots = np.cumsum(np.exp(rng.normal(0.0, 0.22, 5)))
    knots = np.concatenate([[0.0], knots]) / knots[-1]
    wanted = max(8, int(round(count * length)))
    return np.interp(np.linspace(0, 1, wanted), knots, np.linspace(0, 1, 6)) * (count - 1)


def rows(matrix, index):
    low = np.floor(index).astype(int)
    high = np.minimum(low + 1, len(matrix) - 1)
    part = (index - low)[:, None] if matrix.ndim > 1 else index - low
    return matrix[low] * (1 - part) + matrix[high] * part


def say(voice, shape, rng):
    """The utterance in the virtual speaker's voice."""
    index = time_map(len(voice.pitch), shape.length * np.exp(rng.normal(0.0, 0.08)), rng)
    voiced = rows((voice.pitch > 0).astype(float), index) > 0.5
    known = voice.pitch[voice.pitch > 0]
    base = np.exp(np.log(known).mean()) if len(known) else 150.0
    filled = np.where(voice.pitch > 0, voice.pitch, base)
    pitch = shape.pitch * np.exp(rng.normal(0, 0.05)) * (rows(filled, index) / base) ** shape.tune
    pitch = np.where(voiced, np.clip(pitch, 65.0, 480.0), 0.0)

    log = np.log(voice.envelope + 1e-12)
    bins = log.shape[1]
    hertz = np.linspace(0, RATE / 2, bins)
    knots = np.array([0.0, 500.0, 1200.0, 2000.0, 3000.0, 4500.0, 8000.0])
    factor = shape.tract * np.concatenate([[1.0], shape.formants, [1.0]])
    factor *= np.exp(rng.normal(0.0, 0.012, 7))
    target = np.maximum.accumulate(knots * factor)
    source = np.interp(hertz, target + np.arange(7) * 1e-3, knots)
    position = np.clip(source / (RATE / 2) * (bins - 1), 0, bins - 1)
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, bins - 1)
    part = position - low
    log = rows(log, index)
    log = log[:, low] * (1 - part) + log[:, high] * part
    mean = log.mean(axis=1, keepdims=True)
    log = mean + (log - mean) * shape.sharp
    log = log + shape.tilt * (hertz / 4000.0 - 0.5) * np.log(10) / 10
    noise = np.clip(rows(voice.noise, index), 0.0, 1.0)
    noise = np.clip(noise + shape.breath * (1 - noise) * np.clip(hertz / 4000, 0, 1), 1e-6, 1.0)
    made = pyworld.synthesize(np.ascontiguousarray(pitch), np.ascontiguousarray(np.exp(log)),
                              np.ascontiguousarray(noise), RATE, FRAME_MS)
    return level(fade(made.astype(np.float32)))


def morph(first, second, weight):
    """Between two voices that say the same syllable, paired in time by dynamic warping."""
    a, b = np.log(first.envelope + 1e-10), np.log(second.envelope + 1e-10)
    flat = lambda m: (lambda c: (c - c.mean(axis=0)) )(m[:, : m.shape[1] // 2: 8] - m.max())
    x, y = flat(np.maximum(a, a.max() - 11)), flat(np.maximum(b, b.max() - 11))
    cost = ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2)
    total = np.full((len(x) + 1, len(y) + 1), np.inf)
    total[0, 0] = 0
    for i in range(len(x)):
        for j in range(len(y)):
            total[i + 1, j + 1] = cost[i, j] + min(total[i, j], total[i, j + 1] + 1, total[i + 1, j] + 1)
    i, j, pairs = len(x), len(y), np.zeros(len(x))
    while i > 0 and j > 0:
        pairs[i - 1] = j - 1
        step = np.argmin([total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]])
        i, j = (i - 1, j - 1) if step == 0 else (i - 1, j) if step == 1 else (i, j - 1)
    made = object.__new__(Voice)
    made.pitch = first.pitch
    made.envelope = np.exp(a * (1 - weight) + rows(b, pairs) * weight)
    made.noise = first.noise * (1 - weight) + rows(second.noise, pairs) * weight
    return made


def recordings(folder):
    """{speaker: {label: [samples]}} of a train.csv or of volunteers' recordings."""
    found = {}
    with open(Path(folder) / "train.csv", newline="", encoding="utf-8") as listing:
        for row in csv.DictReader(listing):
            samples, rate = soundfile.read(Path(folder) / row["path"], dtype="float32")
            if rate != RATE:
                samples = resample_poly(samples, RATE, rate).astype(np.float32)
            digits = row["digits"]
            label = OTHER if not digits else YAO if digits == "Y" else 1 + int(digits)
            found.setdefault(row["speaker"], {}).setdefault(label, []).append(trim(samples))
    return found


def volunteers(folder):
    """The layout of README.md: FOLDER/SPEAKER/DIGIT/anything.wav (or .flac); digit 0..9, Y or other."""
    found = {}
    for path in sorted(Path(folder).glob("*/*/*")):
        if path.suffix.lower() not in {".wav", ".flac"}:
            continue
        samples, rate = soundfile.read(path, dtype="float32")
        if samples.ndim > 1:
            samples = samples.mean(axis=1)
        if rate != RATE:
            samples = resample_poly(samples, RATE, rate).astype(np.float32)
        digit = path.parent.name
        label = OTHER if digit == "other" else YAO if digit == "Y" else 1 + int(digit)
        found.setdefault("v:" + path.parent.parent.name, {}).setdefault(label, []).append(trim(samples))
    return found


def draw_other(rng, count):
    return [f"{rng.choice(SYLLABLES)}{rng.integers(1, 5)}" for _ in range(count)]


def espeak_speaker(seed, names, real, vocoder):
    """One synthetic voice; with the vocoder, or morphed with a real one, or as it comes."""
    rng = np.random.default_rng(seed)
    variant = str(rng.choice(names))
    pitch, rate = int(rng.integers(15, 90)), int(rng.integers(120, 230))
    words = [(1 + d, str(rng.choice(DIGITS[d]))) for d in range(10)] + [(YAO, "yao1")]
    words += [(OTHER, word) for word in draw_other(rng, 8)]
    shape = Shape(rng)
    weight = rng.uniform(0.15, 0.75)
    tokens = []
    for label, word in words:
        made = espeak(MANDARIN, variant, pitch, rate, word)
        if len(made) < 1600:
            continue
        if not vocoder:
            tokens.append((label, level(made)))
            continue
        voice = Voice(made)
        if real is not None and label != OTHER and label in real:
            voice = morph(real[label][int(rng.integers(len(real[label])))], voice, weight)
        tokens.append((label, say(voice, shape, rng)))
    return tokens


def english_speaker(seed, names):
    rng = np.random.default_rng(seed)
    voice, variant = str(rng.choice(ENGLISH_VOICES)), str(rng.choice(names))
    pitch, rate = int(rng.integers(15, 90)), int(rng.integers(120, 230))
    shape = Shape(rng) if rng.random() < 0.5 else None
    tokens = []
    for digit, word in enumerate(ENGLISH_WORDS):
        made = espeak(voice, variant, pitch, rate, word)
        if len(made) < 1600:
            continue
        tokens.append((ENGLISH + digit, say(Voice(made), shape, rng) if shape else level(made)))
    return tokens


def real_speaker(seed, own, other, second=None):
    """A real voice, reshaped; `second` is another real voice to morph it with."""
    rng = np.random.default_rng(seed)
    shape = Shape(rng)
    weight = rng.uniform(0.2, 0.8)
    tokens = []
    for label, takes in sorted(own.items()):
        if label == OTHER:
            continue
        voice = takes[int(rng.integers(len(takes)))]
        if second is not None and label in second:
            voice = morph(voice, second[label][int(rng.integers(len(second[label])))], weight)
        tokens.append((label, say(voice, shape, rng)))
    if other:
        for index in rng.choice(len(other), 8):
            tokens.append((OTHER, say(other[int(index)], shape, rng)))
    return tokens


_WORLD = {}


def _start(data):
    _WORLD.update(data)


def _make(job):
    kind, seed, first, second = job
    real, names = _WORLD["real"], _WORLD["names"]
    own = real.get(first)
    other = (own or {}).get(OTHER) or _WORLD["other"]
    if kind == "plain":
        return espeak_speaker(seed, names, None, False)
    if kind == "synthetic":
        return espeak_speaker(seed, names, None, True)
    if kind == "morphed":
        return espeak_speaker(seed, names, own, True)
    if kind == "english":
        return english_speaker(seed, names)
    return real_speaker(seed, own, other, real.get(second))


def build(folder, extra, seed, scale, processes):
    """[(kind, source, [(label, samples)])]: the virtual speakers."""
    raw = recordings(folder)
    if extra:
        raw.update(volunteers(extra))
    real, other = {}, []
    for name, labels in raw.items():
        real[name] = {label: [Voice(take) for take in takes] for label, takes in labels.items()}
        other += real[name].get(OTHER, [])
    spoken = sorted(name for name, labels in real.items() if any(label != OTHER for label in labels))
    jobs = []

    def add(kind, count, first=None, second=None):
        for number in range(max(1, int(count * scale))):
            key = zlib.crc32(f"{seed}/{kind}/{first}/{second}/{number}".encode())
            jobs.append((kind, key, first, second))

    each = max(20, 280 // len(spoken))
    for name in spoken:
        add("real", each, name)
        add("morphed", max(8, 160 // len(spoken)), name)
    if len(spoken) > 1:
        for number, name in enumerate(spoken):
            add("real", max(6, 160 // len(spoken)), name, spoken[(number + 1) % len(spoken)])
    add("plain", 220)
    add("synthetic", 140)
    add("english", 140)
    with ProcessPoolExecutor(processes, initializer=_start,
                             initargs=({"real": real, "other": other, "names": variants()},)) as pool:
        made = list(pool.map(_make, jobs, chunksize=4))
    return [(kind, first, tokens) for (kind, _, first, _), tokens in zip(jobs, made)]
