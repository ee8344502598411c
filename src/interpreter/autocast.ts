/** torch.autocast on the CPU (aten/src/ATen/autocast_mode.h; the operators are those that torch 2.13 registers). */
import { callingBy } from "../ops/dispatch.ts";
import type { Arguments, Kernel, Result } from "../ops/kernel.ts";
import { cast } from "../tensor/copy.ts";
import { type DType, dtypes, isFloating } from "../tensor/dtype.ts";
import { promoteDtypes } from "../tensor/promotion.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { RuntimeValue } from "./value.ts";

/** A region under autocast. */
export interface Autocast {
  /** What the matrix products compute in. */
  readonly dtype: DType;
}

const LOWER = words(`
  _addmm_activation _convolution _native_multi_head_attention addbmm addmm baddbmm bmm conv1d conv2d conv3d conv_tbc
  conv_transpose1d conv_transpose2d conv_transpose3d linalg_vecdot linear matmul mkldnn_rnn_layer mm prelu
  scaled_dot_product_attention`);

const PROMOTE = words("cat index_copy stack");

const FLOAT32 = words(`
  _grid_sampler_2d_cpu_fallback _lu_with_info adaptive_avg_pool3d adaptive_max_pool3d avg_pool3d binary_cross_entropy
  binary_cross_entropy_with_logits cdist cholesky cholesky_inverse cholesky_solve cosine_embedding_loss
  cross_entropy_loss ctc_loss fake_quantize_per_tensor_affine fft_fft fft_fft2 fft_fftn fft_hfft fft_ifft fft_ifft2
  fft_ifftn fft_ihfft fft_irfft fft_irfft2 fft_irfftn fft_rfft fft_rfft2 fft_rfftn fractional_max_pool2d
  fractional_max_pool3d geqrf grid_sampler grid_sampler_2d grid_sampler_3d hinge_embedding_loss huber_loss inverse
  kl_div l1_loss linalg_cholesky linalg_cholesky_ex linalg_cond linalg_eig linalg_eigh linalg_eigvals linalg_eigvalsh
  linalg_householder_product linalg_inv linalg_inv_ex linalg_lstsq linalg_matrix_rank linalg_qr linalg_solve linalg_svd
  linalg_svdvals linalg_tensorinv linalg_tensorsolve lu_solve margin_ranking_loss max_pool3d max_unpool2d max_unpool3d
  mse_loss multi_margin_loss multilabel_margin_loss multilabel_margin_loss_forward nanquantile nll_loss nll_loss2d orgqr
  ormqr pinverse poisson_nll_loss polar prod qr quantile reflection_pad1d reflection_pad2d replication_pad1d
  replication_pad2d replication_pad3d smooth_l1_loss soft_margin_loss stft svd trace triangular_solve
  triplet_margin_loss view_as_complex`);

/** Made of others that the lists name, each of which casts for itself. */
const COMPOSITE = words(`
  bilinear chain_matmul einsum gru gru_cell inner istft linalg_matmul linalg_matrix_norm linalg_matrix_power
  linalg_multi_dot linalg_norm linalg_pinv lstm lstm_cell matrix_power pad rnn_relu rnn_relu_cell rnn_tanh
  rnn_tanh_cell tensordot`);

/** Whether autocast casts within the operator, of which metadata knows nothing: it is traced as one call. */
export function castsWithin({ schema }: Kernel): boolean {
  return schema.namespace === "aten" && COMPOSITE.has(schema.name);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Calls an operator as autocast does: its floating tensors are cast first. */
export function autocastCall(autocast: Autocast, kernel: Kernel, args: Arguments): RuntimeValue {
  const { namespace, name } = kernel.schema;
  if (namespace !== "aten") return kernel.call(args) as RuntimeValue;
  if (COMPOSITE.has(name)) {
    return callingBy(
      (part, own) => autocastCall(autocast, part, own) as Result,
      () => kernel.call(args) as RuntimeValue,
    );
  }
  let dtype: DType | undefined;
  if (LOWER.has(name)) dtype = autocast.dtype;
  else if (FLOAT32.has(name)) dtype = dtypes.float32;
  else if (PROMOTE.has(name)) dtype = widest(autocast.dtype, args);
  const given =
    dtype === undefined
      ? args
      : Object.fromEntries(Object.entries(args).map(([key, arg]) => [key, castArgument(arg, dtype)]));
  return callingBy(null, () => kernel.call(given) as RuntimeValue);
}

/** at::autocast::is_eligible: floating, and not float64. */
function isEligible(t: Tensor): boolean {
  return isFloating(t.dtype) && t.dtype !== dtypes.float64;
}

function castArgument(arg: unknown, dtype: DType): unknown {
  if (arg instanceof Tensor) return isEligible(arg) ? cast(arg, dtype) : arg;
  return Array.isArray(arg) ? arg.map((one) => castArgument(one, dtype)) : arg;
}

function widest(lowest: DType, args: Arguments): DType {
  let result = lowest;
  const visit = (arg: unknown): void => {
    if (arg instanceof Tensor && isEligible(arg)) result = promoteDtypes(result, arg.dtype);
    else if (Array.isArray(arg)) for (const one of arg) visit(one);
  };
  for (const arg of Object.values(args)) visit(arg);
  return result;
}
