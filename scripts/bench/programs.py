"""The programs that `npm run bench:run` measures, and torch's side of it: python scripts/bench/programs.py FOLDER

Exports each with seeded random weights as FOLDER/NAME.pt2, with its inputs as FOLDER/NAME.safetensors, and prints their
names as one line of JSON. Then each line `NAME COUNT` on standard input is answered by the seconds that COUNT calls take
on one thread: of the module that was exported, and of `ExportedProgram.module()`."""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
# Not needed here, and one that was built for another torch keeps transformers from loading.
sys.modules["torchvision"] = None

import torch  # noqa: E402
import transformers as t  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch import nn  # noqa: E402
from transformers.cache_utils import EncoderDecoderCache, StaticCache  # noqa: E402

LAYERS = 32
TEXT = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
TINY = {"d_model": 384, "encoder_layers": 4, "decoder_layers": 4, "num_hidden_layers": 4}
HEADS = {"encoder_attention_heads": 6, "decoder_attention_heads": 6, "encoder_ffn_dim": 1536, "decoder_ffn_dim": 1536}


class Logits(nn.Module):
    """A language model's logits alone."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, tokens):
        return self.model(tokens, use_cache=False).logits


class Encoder(nn.Module):
    """Mel features to hidden states."""

    def __init__(self, model):
        super().__init__()
        self.encoder = model.get_encoder()

    def forward(self, features):
        return self.encoder(features).last_hidden_state


class DecoderStep(nn.Module):
    """One token: a static cache, and the encoder's keys and values from another that was filled before."""

    def __init__(self, model):
        super().__init__()
        config = model.config
        self.decoder, self.proj_out = model.get_decoder(), model.proj_out
        self.own = StaticCache(config=config, max_cache_len=config.max_target_positions)
        self.cross = StaticCache(config=config, max_cache_len=config.max_source_positions)
        heads = config.decoder_attention_heads
        for kind, cache in (("own", self.own), ("cross", self.cross)):
            cache.early_initialization(1, heads, config.d_model // heads, torch.float32, "cpu")
            for i, layer in enumerate(cache.layers):
                self.register_buffer(f"{kind}_key_{i}", layer.keys, persistent=False)
                self.register_buffer(f"{kind}_value_{i}", layer.values, persistent=False)
                self.register_buffer(f"{kind}_length_{i}", layer.cumulative_length, persistent=False)
                if kind == "cross":
                    layer.keys.normal_()
                    layer.values.normal_()
        self.cache = EncoderDecoderCache(self.own, self.cross)
        self.states = torch.zeros(1, config.max_source_positions, config.d_model)

    def forward(self, token, position):
        for layer in self.own.layers:
            layer.cumulative_length.copy_(position[0])
        self.cache.is_updated = {i: True for i in range(len(self.own.layers))}
        outputs = self.decoder(
            input_ids=token, encoder_hidden_states=self.states, past_key_values=self.cache, use_cache=True
        )
        return self.proj_out(outputs[0])


def modules():
    """(name, module, arguments by name)."""
    config = t.LlamaConfig(
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=256,
        **TEXT,
    )
    llama = Logits(t.LlamaForCausalLM(config))
    yield "llama", llama, {"tokens": torch.randint(256, (1, 8))}
    whisper = t.WhisperForConditionalGeneration(t.WhisperConfig(**TINY, **HEADS))
    yield "whisper-encoder", Encoder(whisper), {"features": torch.randn(1, 80, 3000)}
    yield "whisper-decoder", DecoderStep(whisper), {"token": torch.tensor([[7]]), "position": torch.tensor([20])}


def seconds(call, count):
    """How long `count` calls take."""
    with torch.no_grad():
        start = time.thread_time()
        for _ in range(count):
            call()
        return time.thread_time() - start


def main(folder):
    """Export, say so, then answer."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    calls = {}
    for name, module, inputs in modules():
        module.eval()
        with torch.no_grad():
            program = torch.export.export(module, (), inputs, strict=True)
            lowered = program.run_decompositions({})
        for form, one in ((name, program), (f"{name}-aten", lowered)):
            torch.export.save(one, os.path.join(folder, f"{form}.pt2"))
            save_file(inputs, os.path.join(folder, f"{form}.safetensors"))
            graph = one.module()
            with torch.no_grad():
                save_file({"output.0": graph(**inputs).contiguous()}, os.path.join(folder, f"{form}.expected"))
            calls[form] = [lambda m=m, i=inputs: m(**i) for m in (module, graph)]
    print(json.dumps(list(calls)), flush=True)
    for line in sys.stdin:
        name, count = line.split()
        print(json.dumps([seconds(call, int(count)) for call in calls[name]]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
