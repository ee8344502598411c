/** Recurrent layers: LSTM, GRU and plain ones, made of their cells. */
import { cast } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { integers } from "../../tensor/elements.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call, callList } from "../dispatch.ts";
import type { Kernel, Result } from "../kernel.ts";
import { tableOp } from "../table-op.ts";
import { narrowed, selected, transposed } from "./views.ts";

/** The weights of one layer in one direction; `project` makes an LSTM's hidden state narrower. */
interface Weights {
  readonly input: Tensor;
  readonly hidden: Tensor;
  readonly inputBias: Tensor | null;
  readonly hiddenBias: Tensor | null;
  readonly project: Tensor | null;
}

/** The hidden state, and an LSTM's cell state behind it; a row each for the sequences of a batch. */
type State = readonly Tensor[];

/** From the product of the input with its weights, [batch, gates], and the state before: the state after. */
type Cell = (gates: Tensor, state: State, weights: Weights) => State;

const add = (a: Tensor, b: Tensor): Tensor => call("aten::add.Tensor", a, b);
const mul = (a: Tensor, b: Tensor): Tensor => call("aten::mul.Tensor", a, b);
const tanh = (t: Tensor): Tensor => call("aten::tanh", t);
const sigmoid = (t: Tensor): Tensor => call("aten::sigmoid", t);
const linear = (t: Tensor, weight: Tensor, bias: Tensor | null): Tensor =>
  call("aten::linear", t, weight, bias);
const hiddenGates = (h: Tensor, { hidden, hiddenBias }: Weights): Tensor => linear(h, hidden, hiddenBias);

/** at::native::LSTMCell. */
const lstmCell: Cell = (gates, [h, c], weights) => {
  const all = callList("aten::chunk", add(gates, hiddenGates(h!, weights)), 4, 1);
  const [input, forget, cell, output] = all as [Tensor, Tensor, Tensor, Tensor];
  const next = add(mul(sigmoid(forget), c!), mul(sigmoid(input), tanh(cell)));
  const hidden = mul(sigmoid(output), tanh(next));
  return [weights.project === null ? hidden : linear(hidden, weights.project, null), next];
};

/** at::native::GRUCell. */
const gruCell: Cell = (gates, [h], weights) => {
  const [ir, iz, inew] = callList("aten::chunk", gates, 3, 1) as [Tensor, Tensor, Tensor];
  const [hr, hz, hnew] = callList("aten::chunk", hiddenGates(h!, weights), 3, 1) as [Tensor, Tensor, Tensor];
  const [reset, update] = [sigmoid(add(ir, hr)), sigmoid(add(iz, hz))];
  const fresh = tanh(add(inew, mul(reset, hnew)));
  return [add(mul(call("aten::sub.Tensor", h!, fresh), update), fresh)];
};

const plainCell =
  (activation: "tanh" | "relu"): Cell =>
  (gates, [h], weights) => [call(`aten::${activation}`, add(gates, hiddenGates(h!, weights)))];

/**
 * Steps of a sequence: the rows of `data`, in one dimension or in time and batch, that each takes; they are fewer where
 * sequences have ended.
 */
interface Steps {
  readonly data: Tensor;
  readonly starts: readonly number[];
  readonly counts: readonly number[];
}

/** The steps of [time, batch, features]. */
function stepsOf(input: Tensor): Steps {
  const [time, batch] = input.sizes as [number, number];
  return {
    data: input,
    starts: Array.from({ length: time }, (_, t) => t * batch),
    counts: new Array<number>(time).fill(batch),
  };
}

function packedSteps(data: Tensor, batchSizes: Tensor): Steps {
  const counts = Array.from(integers(batchSizes), Number);
  let start = 0;
  return { data, counts, starts: counts.map((count) => (start += count) - count) };
}

/** One layer in one direction: its outputs, a row for each of the input's, and the state at the end. */
function runLayer(
  { data, starts, counts }: Steps,
  cell: Cell,
  start: State,
  weights: Weights,
  reverse: boolean,
): [Tensor, State] {
  // Before they are rows: how `linear` rounds depends on how its input lies in memory.
  const all = linear(data, weights.input, weights.inputBias);
  const gates = call("aten::reshape", all, [-1, all.size(-1)]);
  const batch = start[0]!.sizes[0]!;
  const outputs = new Array<Tensor>(counts.length);
  let state = start;
  for (let step = 0; step < counts.length; step++) {
    const t = reverse ? counts.length - 1 - step : step;
    const count = counts[t]!;
    const now = count === batch ? state : state.map((s) => narrowed(s, 0, 0, count));
    const next = cell(narrowed(gates, 0, starts[t]!, count), now, weights);
    outputs[t] = next[0]!;
    // Sequences that have ended, or have not begun, keep their state.
    const rest = (i: number): Tensor => narrowed(state[i]!, 0, count, batch - count);
    state = count === batch ? next : next.map((s, i) => call("aten::cat", [s, rest(i)], 0));
  }
  return [call("aten::cat", outputs, 0), state];
}

interface Settings {
  readonly params: readonly Tensor[];
  readonly has_biases: boolean;
  readonly num_layers: number;
  readonly dropout: number;
  readonly train: boolean;
  readonly bidirectional: boolean;
}

/** The parameters of each layer and direction, in torch's order (at::native::gather_params). */
function weightsOf(
  { params, has_biases, num_layers, bidirectional }: Settings,
  projected: boolean,
): Weights[] {
  const count = 2 + (has_biases ? 2 : 0) + (projected ? 1 : 0);
  const needed = count * num_layers * (bidirectional ? 2 : 1);
  if (params.length !== needed) throw new RangeError(`expected ${needed} parameters, got ${params.length}`);
  return Array.from({ length: params.length / count }, (_, i) => {
    const own = params.slice(i * count, (i + 1) * count);
    return {
      input: own[0]!,
      hidden: own[1]!,
      inputBias: has_biases ? own[2]! : null,
      hiddenBias: has_biases ? own[3]! : null,
      project: projected ? own[count - 1]! : null,
    };
  });
}

/** @throws RangeError when the states are not one for each layer and direction (at::native::apply_layer_stack). */
function requireStates(hx: State, count: number): void {
  const other = hx.find((state) => state.rank !== 3 || state.sizes[0] !== count);
  if (other)
    throw new RangeError(`expected a state for each of ${count} layers and directions, got ${other}`);
}

/** All layers: the last one's outputs as rows, and each state as [layers * directions, batch, width]. */
function runLayers(steps: Steps, cell: Cell, hx: State, settings: Settings): [Tensor, Tensor[]] {
  const directions = settings.bidirectional ? 2 : 1;
  requireStates(hx, settings.num_layers * directions);
  const projected = hx.length === 2 && hx[0]!.sizes[2] !== hx[1]!.sizes[2];
  const weights = weightsOf(settings, projected);
  const finals: State[] = [];
  let { data } = steps;
  for (let layer = 0; layer < settings.num_layers; layer++) {
    const outputs: Tensor[] = [];
    for (let direction = 0; direction < directions; direction++) {
      const at = layer * directions + direction;
      const start = hx.map((t) => selected(t, 0, at));
      const [rows, state] = runLayer({ ...steps, data }, cell, start, weights[at]!, direction === 1);
      outputs.push(rows);
      finals.push(state);
    }
    data = outputs.length === 1 ? outputs[0]! : call("aten::cat", outputs, 1);
    const drops = settings.train && settings.dropout > 0 && layer < settings.num_layers - 1;
    if (drops) data = call("aten::dropout", data, settings.dropout, true);
  }
  return [
    data,
    hx.map((_, i) =>
      call(
        "aten::stack",
        finals.map((state) => state[i]!),
        0,
      ),
    ),
  ];
}

interface InputCall extends Settings {
  readonly input: Tensor;
  readonly hx: Tensor | State;
  readonly batch_first: boolean;
}
interface DataCall extends Settings {
  readonly data: Tensor;
  readonly batch_sizes: Tensor;
  readonly hx: Tensor | State;
}

/** at::native::use_mkldnn: of bfloat16, oneDNN runs whole layers. */
const isOneDnn = ({ input, hx }: InputCall): boolean => {
  const [h, c] = stateOf(hx);
  return input.dtype === dtypes.bfloat16 && input.numel > 0 && c !== undefined && h!.sizes[2] === c.sizes[2];
};

const wide = (t: Tensor): Tensor => cast(t, dtypes.float32);
const rounded = (t: Tensor): Tensor => wide(cast(t, dtypes.bfloat16));
const oneDnnCell: Cell = (gates, state, weights) => lstmCell(gates, state, weights).map(rounded);

/** oneDNN's LSTM of bfloat16 computes in float32 and rounds the sum of its biases, and the states after each step. */
function oneDnnLstm(args: InputCall): Result {
  const params = args.params.map((t, i) => {
    if (!args.has_biases || i % 4 < 2) return wide(t);
    return i % 4 === 2 ? wide(add(t, args.params[i + 1]!)) : call("aten::zeros_like", wide(t));
  });
  const results = runCall(
    { ...args, params, input: wide(args.input), hx: stateOf(args.hx).map(wide) },
    oneDnnCell,
  );
  return results.map((t) => cast(t, dtypes.bfloat16));
}

function runCall(args: InputCall, cell: Cell): Tensor[] {
  const input = args.batch_first ? transposed(args.input, 0, 1) : args.input;
  const [rows, states] = runLayers(stepsOf(input), cell, stateOf(args.hx, cell), args);
  const output = call("aten::view", rows, [input.sizes[0], input.sizes[1], rows.sizes[1]]);
  return [args.batch_first ? transposed(output, 0, 1) : output, ...states];
}

/** @throws RangeError when there are not two of an LSTM (at::native::lstm: "expects two hidden states"). */
function stateOf(hx: Tensor | State, cell?: Cell): State {
  const states = Array.isArray(hx) ? (hx as State) : [hx as Tensor];
  if (cell === lstmCell && states.length !== 2)
    throw new RangeError(`expected two hidden states, got ${states.length}`);
  return states;
}

function layerKernels(name: string, cell: Cell): Kernel[] {
  return [
    tableOp<InputCall>(`aten::${name}.input`, {
      composite: (args) => (cell === lstmCell && isOneDnn(args) ? oneDnnLstm(args) : runCall(args, cell)),
    }),
    tableOp<DataCall>(`aten::${name}.data`, {
      composite: (args) => {
        const [rows, states] = runLayers(
          packedSteps(args.data, args.batch_sizes),
          cell,
          stateOf(args.hx, cell),
          args,
        );
        return [rows, ...states];
      },
    }),
  ];
}

interface CellCall {
  readonly input: Tensor;
  readonly hx: Tensor | State;
  readonly w_ih: Tensor;
  readonly w_hh: Tensor;
  readonly b_ih: Tensor | null;
  readonly b_hh: Tensor | null;
}

function cellKernel(name: string, cell: Cell): Kernel {
  return tableOp<CellCall>(`aten::${name}`, {
    composite: ({ input, hx, w_ih, w_hh, b_ih, b_hh }) => {
      const weights = { input: w_ih, hidden: w_hh, inputBias: b_ih, hiddenBias: b_hh, project: null };
      const next = cell(linear(input, w_ih, b_ih), stateOf(hx, cell), weights);
      return next.length === 1 ? next[0] : next;
    },
  });
}

interface OneDnnCall {
  readonly input: Tensor;
  readonly weight0: Tensor;
  readonly weight1: Tensor;
  readonly weight2: Tensor;
  readonly weight3: Tensor;
  readonly hx_: Tensor;
  readonly cx_: Tensor;
  readonly reverse: boolean;
  readonly mode: number;
  readonly has_biases: boolean;
}

/** One layer in one direction (at::native::mkldnn_rnn_layer): mode 2 is an LSTM, 3 a GRU. Its workspace is the library's own: None. */
function oneDnnLayer(args: OneDnnCall): (Tensor | null)[] {
  const { input, hx_, cx_ } = args;
  const weights = {
    input: args.weight0,
    hidden: args.weight1,
    inputBias: args.has_biases ? args.weight2 : null,
    hiddenBias: args.has_biases ? args.weight3 : null,
    project: null,
  };
  const batch = input.sizes[1]!;
  const flat = (t: Tensor): Tensor => call("aten::reshape", t, [batch, -1]);
  const start = args.mode === 2 ? [flat(hx_), flat(cx_)] : [flat(hx_)];
  const cell = args.mode === 2 ? lstmCell : gruCell;
  const [rows, state] = runLayer(stepsOf(input), cell, start, weights, args.reverse);
  const output = call("aten::view", rows, [input.sizes[0], batch, rows.sizes[1]]);
  const [hidden, memory] = [state[0]!, state[1] ?? cx_];
  return [output, call("aten::reshape", hidden, hx_.sizes), call("aten::reshape", memory, cx_.sizes), null];
}

export const recurrent: readonly Kernel[] = [
  ...layerKernels("lstm", lstmCell),
  ...layerKernels("gru", gruCell),
  ...layerKernels("rnn_tanh", plainCell("tanh")),
  ...layerKernels("rnn_relu", plainCell("relu")),
  cellKernel("lstm_cell", lstmCell),
  cellKernel("gru_cell", gruCell),
  cellKernel("rnn_tanh_cell", plainCell("tanh")),
  cellKernel("rnn_relu_cell", plainCell("relu")),
  tableOp<OneDnnCall>("aten::mkldnn_rnn_layer", { composite: oneDnnLayer }),
];
