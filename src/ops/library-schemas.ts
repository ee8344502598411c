/**
 * Operators of libraries that real exports hold, by the schemas that these register: torch.ao's quantization
 * (torch/ao/quantization/fx/_decomposed.py), torchvision, transformers and torch.nn itself.
 */
const EACH = "int quant_min, int quant_max, ScalarType dtype";
const NUMBERS = "float scale, int zero_point, int quant_min, int quant_max, ScalarType dtype";
const TENSORS = "Tensor scale, Tensor zero_point, int quant_min, int quant_max, ScalarType dtype";
const ALL_TENSORS = "Tensor scale, Tensor zero_point, Tensor quant_min, Tensor quant_max, ScalarType dtype";

export const LIBRARY_SCHEMAS = {
  quantizePerTensor: `quantized_decomposed::quantize_per_tensor(Tensor input, ${NUMBERS}) -> Tensor`,
  quantizeByTensors: `quantized_decomposed::quantize_per_tensor.tensor(Tensor input, ${TENSORS}) -> Tensor`,
  quantizeByAllTensors: `quantized_decomposed::quantize_per_tensor.tensor2(Tensor input, ${ALL_TENSORS}) -> Tensor`,
  quantizePerChannel: `quantized_decomposed::quantize_per_channel(Tensor input, Tensor scales, Tensor zero_points, int axis, ${EACH}) -> Tensor`,
  quantizePerToken: `quantized_decomposed::quantize_per_token(Tensor input, Tensor scales, Tensor zero_points, ${EACH}) -> Tensor`,
  quantizePerGroup: `quantized_decomposed::quantize_per_channel_group(Tensor input, Tensor scales, Tensor zero_points, ${EACH}, int group_size) -> Tensor`,
  dequantizePerTensor: `quantized_decomposed::dequantize_per_tensor(Tensor input, ${NUMBERS}, *, ScalarType? out_dtype=None) -> Tensor`,
  dequantizeByTensors: `quantized_decomposed::dequantize_per_tensor.tensor(Tensor input, ${TENSORS}, *, ScalarType? out_dtype=None) -> Tensor`,
  dequantizeByAllTensors: `quantized_decomposed::dequantize_per_tensor.tensor2(Tensor input, ${ALL_TENSORS}, *, ScalarType? out_dtype=None) -> Tensor`,
  dequantizePerChannel: `quantized_decomposed::dequantize_per_channel(Tensor input, Tensor scales, Tensor? zero_points, int axis, ${EACH}, *, ScalarType? out_dtype=None) -> Tensor`,
  dequantizePerToken: `quantized_decomposed::dequantize_per_token(Tensor input, Tensor scales, Tensor zero_points, ${EACH}, ScalarType output_dtype) -> Tensor`,
  dequantizePerGroup: `quantized_decomposed::dequantize_per_channel_group(Tensor input, Tensor scales, Tensor? zero_points, ${EACH}, int group_size, ScalarType output_dtype) -> Tensor`,
  chooseParameters:
    "quantized_decomposed::choose_qparams.tensor(Tensor input, int quant_min, int quant_max, float eps, ScalarType dtype) -> (Tensor, Tensor)",
  chooseSymmetric:
    "quantized_decomposed::choose_qparams_symmetric.tensor(Tensor input, int quant_min, int quant_max, float eps, ScalarType dtype) -> (Tensor, Tensor)",
  choosePerToken:
    "quantized_decomposed::choose_qparams_per_token(Tensor input, ScalarType dtype) -> (Tensor, Tensor)",
  choosePerTokenAsymmetric:
    "quantized_decomposed::choose_qparams_per_token_asymmetric(Tensor input, ScalarType dtype) -> (Tensor, Tensor)",
  choosePerTokenImplementation:
    "quantized_decomposed::_choose_qparams_per_token_asymmetric_impl(Tensor input, ScalarType dtype) -> (Tensor, Tensor)",
  convertElementType:
    "quantized_decomposed::convert_element_type.no_fuse(Tensor input, ScalarType dtype) -> Tensor",
  nms: "torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
  roiAlign:
    "torchvision::roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor",
  chunkedCrossEntropy:
    "torch_nn::_linear_cross_entropy_batch_chunked(Tensor input, Tensor linear_weight, Tensor target, Tensor? linear_bias, Tensor? weight, str reduction, SymInt ignore_index, float label_smoothing, SymInt batch_chunk_size, str acc_policy, ScalarType acc_dtype, bool allow_retain_graph, bool compute_input_grad, bool compute_linear_weight_grad, bool compute_linear_bias_grad) -> (Tensor, Tensor, Tensor, Tensor)",
  chunkedCrossEntropies:
    "torch_nn::_linear_cross_entropy_batch_chunked_no_reduction(Tensor input, Tensor linear_weight, Tensor target, Tensor? linear_bias, Tensor? weight, SymInt ignore_index, SymInt batch_chunk_size, str acc_policy, ScalarType acc_dtype) -> Tensor",
  groupedProduct: "transformers::grouped_mm_fallback(Tensor input, Tensor weight, Tensor offs) -> Tensor",
} as const;
