"""The network of a voice as an ONNX graph in w-okada's layout: rvc/network in other words, computed by other programs.

Everything is (1, channels, T) unless said otherwise. One step differs from the exporters' own graphs: the phase of the
excitation is summed frame by frame in double precision, so that it does not drift.
"""

import math
from collections.abc import Mapping
from math import prod

import numpy as np

from rvc.voicefile.config import Geometry
from rvc.voicefile.decoders import noise_kernel
from rvc.voicefile.folding import folded, folded_shape
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.onnx.building import Builder
from rvc.voicefile.onnx.graph import NOISE_SCALE, SPEAKER_TABLE
from rvc.voicefile.onnx.model import DOUBLE, FLOAT, Array
from rvc.voicefile.schema import ATTENTION_WINDOW as WINDOW
from rvc.voicefile.schema import COUPLINGS, WAVENET_KERNEL, wavenet_layers

SLOPE, FINAL_SLOPE = 0.1, 0.01
SINE_AMPLITUDE, VOICED_NOISE = 0.1, 0.003
UNVOICED_NOISE = SINE_AMPLITUDE / 3
EPSILON = 1e-5


class NetworkBuilder(Builder):
    """Builds the whole graph of one voice: `build` gives the name of its samples, (L,) in (−1, 1)."""

    def __init__(self, header: VoiceHeader, tensors: Mapping[str, Array]) -> None:
        super().__init__()
        self.header = header
        self.geometry: Geometry = header.geometry
        self.stored = tensors

    def build(self) -> str:
        row = self.op("Gather", self.stored_weight(SPEAKER_TABLE), "sid", axis=0)
        speaker = self.op("Unsqueeze", row, self.constant([2]))  # (1, gin, 1)
        mean, log_deviation = self.text_encoder()
        noise = self.scaled(self.op("RandomNormalLike", mean, dtype=FLOAT), NOISE_SCALE)
        z = self.op("Add", mean, self.op("Mul", self.op("Exp", log_deviation), noise))
        samples = self.generator(self.flow(z, speaker), speaker)
        return self.op("Reshape", samples, self.constant([-1]))

    # layers

    def stored_weight(self, name: str, *more: int) -> str:
        """A weight of the voice, with axes of length one added."""
        if name in self.tensors:
            return name
        shape = (*folded_shape(self.stored, name), *more)
        return self.weight(name, shape, lambda: folded(self.stored, name).reshape(shape))

    def conv(self, x: str, name: str, *more: int, stride: int = 1, dilation: int = 1, pad: int | None = None) -> str:
        """The convolution called `name`, of the same length unless a stride or a pad says otherwise."""
        weight = self.stored_weight(f"{name}.weight", *more)
        kernel = self.tensors[weight].shape[2]
        inputs = [x, weight]
        if f"{name}.bias" in self.stored:
            inputs.append(self.stored_weight(f"{name}.bias"))
        left = dilation * (kernel - 1) // 2 if pad is None else pad
        right = dilation * (kernel - 1) - left if pad is None else pad
        shape = {"kernel_shape": [kernel], "strides": [stride], "dilations": [dilation], "pads": [left, right]}
        return self.op("Conv", *inputs, group=1, **shape)

    def leaky(self, x: str, slope: float = SLOPE) -> str:
        return self.op("LeakyRelu", x, alpha=slope)

    def halves(self, x: str) -> tuple[str, ...]:
        return self.ops("Split", 2, x, axis=1)

    def turned(self, x: str) -> str:
        """The last two axes of three exchanged."""
        return self.op("Transpose", x, perm=[0, 2, 1])

    # text encoder

    def text_encoder(self) -> tuple[str, ...]:
        """Mean and log deviation of the prior, (1, inter, T) each."""
        x = self.conv(self.turned("feats"), "enc_p.emb_phone", 1)
        if self.header.f0:
            pitch = self.op("Gather", self.stored_weight("enc_p.emb_pitch.weight"), "pitch", axis=0)
            x = self.op("Add", x, self.turned(pitch))
        x = self.leaky(self.scaled(x, math.sqrt(self.geometry.hidden)))
        near, band = self.distances()
        for layer in range(self.geometry.layers):
            attended = self.attention(x, f"enc_p.encoder.attn_layers.{layer}", near, band)
            x = self.norm(self.op("Add", x, attended), f"enc_p.encoder.norm_layers_1.{layer}")
            x = self.norm(self.op("Add", x, self.feed_forward(x, layer)), f"enc_p.encoder.norm_layers_2.{layer}")
        return self.halves(self.conv(x, "enc_p.proj"))

    def distances(self) -> tuple[str, str]:
        """Where attention looks: (heads, T, T) rows of the padded key table, and (heads, T, 21) padded positions."""
        frames = self.op("Squeeze", self.op("Slice", self.op("Shape", "feats"), *map(self.constant, ([1], [2]))))
        places = self.op("Range", self.constant(0), frames, self.constant(1))
        row = self.op("Unsqueeze", places, self.constant([0, 1]))  # (1, 1, T)
        column = self.op("Unsqueeze", places, self.constant([0, 2]))  # (1, T, 1)
        edge = WINDOW + 1  # beyond the window all distances share a row of zeros
        distance = self.op("Clip", self.op("Sub", row, column), self.constant(-edge), self.constant(edge))
        near = self.op("Add", distance, self.constant(edge))
        neighbours = self.constant(np.arange(2 * WINDOW + 1)[None, None])
        band = self.op("Add", column, neighbours)
        heads = self.constant([self.geometry.heads, 1, 1])
        return self.op("Expand", near, heads), self.op("Expand", band, heads)

    def attention(self, x: str, name: str, near: str, band: str) -> str:
        """Self-attention whose scores and values see the distance between frames."""
        heads, depth = self.geometry.heads, self.geometry.hidden // self.geometry.heads
        parted = self.constant([heads, depth, -1])
        q, k, v = (self.op("Reshape", self.conv(x, f"{name}.conv_{part}"), parted) for part in "qkv")
        queries = self.scaled(self.turned(q), 1 / math.sqrt(depth))  # (heads, T, depth)
        by_distance = self.op("MatMul", queries, self.turned(self.stored_weight(f"{name}.emb_rel_k")))
        padded = self.op("Pad", by_distance, self.constant([0, 0, 1, 0, 0, 1]))
        relative = self.op("GatherElements", padded, near, axis=2)
        weights = self.op("Softmax", self.op("Add", self.op("MatMul", queries, k), relative), axis=-1)
        wide = self.op("Pad", weights, self.constant([0, 0, WINDOW, 0, 0, WINDOW]))
        close = self.op("GatherElements", wide, band, axis=2)  # (heads, T, 21)
        near_values = self.op("MatMul", close, self.stored_weight(f"{name}.emb_rel_v"))
        values = self.op("Add", self.op("MatMul", weights, self.turned(v)), near_values)
        joined = self.op("Reshape", self.turned(values), self.constant([1, self.geometry.hidden, -1]))
        return self.conv(joined, f"{name}.conv_o")

    def norm(self, x: str, name: str) -> str:
        gains = [self.stored_weight(f"{name}.{part}") for part in ("gamma", "beta")]
        return self.turned(self.op("LayerNormalization", self.turned(x), *gains, axis=-1, epsilon=EPSILON))

    def feed_forward(self, x: str, layer: int) -> str:
        name = f"enc_p.encoder.ffn_layers.{layer}"
        return self.conv(self.op("Relu", self.conv(x, f"{name}.conv_1")), f"{name}.conv_2")

    # flow

    def flow(self, x: str, speaker: str) -> str:
        """The couplings in reverse, each after a flip of the channels."""
        turned = self.constant(np.arange(self.geometry.inter)[::-1])
        for place in reversed(COUPLINGS):
            still, moved = self.halves(self.op("Gather", x, turned, axis=1))
            name = f"flow.flows.{place}"
            hidden = self.wavenet(self.conv(still, f"{name}.pre"), speaker, f"{name}.enc")
            x = self.op("Concat", still, self.op("Sub", moved, self.conv(hidden, f"{name}.post")), axis=1)
        return x

    def wavenet(self, x: str, speaker: str, name: str) -> str:
        layers = wavenet_layers(self.stored)
        biases = self.ops("Split", layers, self.conv(speaker, f"{name}.cond_layer"), axis=1)
        skips: list[str] = []
        for layer, bias in enumerate(biases):
            heard = self.conv(x, f"{name}.in_layers.{layer}", pad=WAVENET_KERNEL // 2)
            filtered, gate = self.halves(self.op("Add", heard, bias))
            gated = self.op("Mul", self.op("Tanh", filtered), self.op("Sigmoid", gate))
            step = self.conv(gated, f"{name}.res_skip_layers.{layer}")
            if layer < layers - 1:  # all layers but the last also feed the next one
                onward, step = self.halves(step)
                x = self.op("Add", x, onward)
            skips.append(step)
        return self.op("Sum", *skips)

    # decoder

    def generator(self, z: str, speaker: str) -> str:
        """HiFi-GAN; F0 voices get the excitation added at every stage. (1, 1, L) in (−1, 1)."""
        geometry = self.geometry
        x = self.op("Add", self.conv(z, "dec.conv_pre"), self.conv(speaker, "dec.cond"))
        excitation = self.source() if self.header.f0 else None
        blocks = len(geometry.resblock_kernels)
        for stage, (rate, kernel) in enumerate(zip(geometry.rates, geometry.kernels, strict=True)):
            x = self.upsampled(self.leaky(x), stage, rate, kernel)
            if excitation is not None:
                stride = prod(geometry.rates[stage + 1 :])
                pad = max(0, noise_kernel(geometry.rates, stage) - stride) // 2
                x = self.op("Add", x, self.conv(excitation, f"dec.noise_convs.{stage}", stride=stride, pad=pad))
            outputs = [self.resblock(x, blocks * stage + block, block) for block in range(blocks)]
            x = self.scaled(self.op("Sum", *outputs), 1 / blocks)
        return self.op("Tanh", self.conv(self.leaky(x, FINAL_SLOPE), "dec.conv_post"))

    def upsampled(self, x: str, stage: int, rate: int, kernel: int) -> str:
        weights = [self.stored_weight(f"dec.ups.{stage}.{part}") for part in ("weight", "bias")]
        extra = kernel - rate
        shape = {"kernel_shape": [kernel], "strides": [rate], "pads": [(extra + 1) // 2] * 2}
        return self.op("ConvTranspose", x, *weights, group=1, output_padding=[extra % 2], **shape)

    def resblock(self, x: str, number: int, block: int) -> str:
        """Type 1: pairs of a dilated and a plain convolution; type 2: dilated ones. Each is added to its input."""
        name, paired = f"dec.resblocks.{number}", self.geometry.resblock == "1"
        for place, dilation in enumerate(self.geometry.resblock_dilations[block]):
            group = "convs1" if paired else "convs"
            heard = self.conv(self.leaky(x), f"{name}.{group}.{place}", dilation=dilation)
            if paired:
                heard = self.conv(self.leaky(heard), f"{name}.convs2.{place}")
            x = self.op("Add", heard, x)
        return x

    def source(self) -> str:
        """The excitation of the decoder, (1, 1, L): a sine that follows F0, and noise."""
        hop = self.geometry.hop
        f0 = self.op("Unsqueeze", "pitchf", self.constant([2]))  # (1, T, 1)
        cycles = self.scaled(self.op("Cast", f0, to=DOUBLE), 1 / self.geometry.sample_rate, np.float64)
        before = self.op("CumSum", self.scaled(cycles, hop, np.float64), self.constant(1), exclusive=1)
        steps = self.constant(np.arange(1, hop + 1)[None, None], np.float64)
        phase = self.op("Add", before, self.op("Mul", cycles, steps))  # (1, T, hop)
        turn = self.op("Cast", self.op("Sub", phase, self.op("Floor", phase)), to=FLOAT)
        sine = self.scaled(self.op("Sin", self.scaled(turn, 2 * math.pi)), SINE_AMPLITUDE)
        voiced = self.op("Cast", self.op("Greater", f0, self.constant(0, np.float32)), to=FLOAT)
        # As the reference has it: louder noise where there is no voice.
        level = self.op(
            "Add", self.scaled(voiced, VOICED_NOISE - UNVOICED_NOISE), self.constant(UNVOICED_NOISE, np.float32)
        )
        noise = self.noise_like(sine)
        heard = self.op("Add", self.op("Mul", sine, voiced), self.op("Mul", noise, level))
        weight, bias = (self.stored_weight(f"dec.m_source.l_linear.{part}") for part in ("weight", "bias"))
        mixed = self.op("Tanh", self.op("Add", self.op("Mul", heard, weight), bias))
        return self.op("Reshape", mixed, self.constant([1, 1, -1]))

    def noise_like(self, signal: str) -> str:
        """Standard normal numbers in the shape the exporters draw them in, (1, L, 1), as (1, T, hop)."""
        flat = self.op("Reshape", signal, self.constant([1, -1, 1]))
        noise = self.op("RandomNormalLike", flat, dtype=FLOAT)
        return self.op("Reshape", noise, self.constant([1, -1, self.geometry.hop]))
