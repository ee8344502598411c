/** The families of ATen operators. */
import type { Kernel } from "../kernel.ts";
import { activations } from "./activations.ts";
import { adaptivePooling } from "./adaptive-pooling.ts";
import { arithmetic } from "./arithmetic.ts";
import { assertions } from "./assertions.ts";
import { attention } from "./attention.ts";
import { cudaAttention } from "./attention-cuda.ts";
import { backward } from "./backward.ts";
import { compositeGradients } from "./backward-composites.ts";
import { poolingGradients } from "./backward-pooling.ts";
import { batchNorm } from "./batch-norm.ts";
import { binaries } from "./binary.ts";
import { calculus } from "./calculus.ts";
import { comparisons } from "./comparison.ts";
import { contractions } from "./contraction.ts";
import { convolutions } from "./convolution.ts";
import { copying } from "./copying.ts";
import { counting } from "./counting.ts";
import { creation } from "./creation.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { ctcLosses } from "./ctc.ts";
import { diagonals } from "./diagonals.ts";
import { distances } from "./distances.ts";
import { division } from "./division.ts";
import { embeddingBags } from "./embedding-bag.ts";
import { encoderLayers } from "./encoder-layer.ts";
import { extremes } from "./extremes.ts";
import { fakeQuantization } from "./fake-quantization.ts";
import { fourier } from "./fourier.ts";
import { gathering } from "./gathering.ts";
import { geometryWrites } from "./geometry-writes.ts";
import { gradient } from "./gradient.ts";
import { gridSampling } from "./grid-sampling.ts";
import { histograms } from "./histograms.ts";
import { images } from "./images.ts";
import { indexing } from "./indexing.ts";
import { joining } from "./joining.ts";
import { determinants } from "./linalg-determinants.ts";
import { leastSquares } from "./linalg-least-squares.ts";
import { luDecompositions } from "./linalg-lu.ts";
import { matrixNorms } from "./linalg-norms.ts";
import { orthogonalDecompositions } from "./linalg-orthogonal.ts";
import { matrixPowers } from "./linalg-powers.ts";
import { linearSystems } from "./linalg-solve.ts";
import { spectra } from "./linalg-spectral.ts";
import { symmetricDecompositions } from "./linalg-symmetric.ts";
import { losses } from "./losses.ts";
import { masks } from "./masks.ts";
import { matrixProducts } from "./matmul.ts";
import { movement } from "./movement.ts";
import { normalization } from "./normalization.ts";
import { observers } from "./observers.ts";
import { padding } from "./padding.ts";
import { pooling } from "./pooling.ts";
import { queries } from "./queries.ts";
import { random } from "./random.ts";
import { ranges } from "./ranges.ts";
import { recurrent } from "./recurrent.ts";
import { reductions } from "./reductions.ts";
import { reshaping } from "./reshaping.ts";
import { scans } from "./scans.ts";
import { segments } from "./segments.ts";
import { selection } from "./selection.ts";
import { sequences } from "./sequences.ts";
import { signals } from "./signal.ts";
import { softmaxes } from "./softmax.ts";
import { sorting } from "./sorting.ts";
import { sparse } from "./sparse.ts";
import { special } from "./special.ts";
import { spectral } from "./spectral.ts";
import { splitting } from "./splitting.ts";
import { statistics } from "./statistics.ts";
import { unaries } from "./unary.ts";
import { unpooling } from "./unpooling.ts";
import { upsampling } from "./upsampling.ts";
import { views } from "./views.ts";
import { weightNorms } from "./weight-norm.ts";
import { weightProducts } from "./weight-products.ts";
import { windows } from "./windows.ts";

export const atenKernels: readonly Kernel[] = [
  ...arithmetic,
  ...copying,
  ...creation,
  ...geometryWrites,
  ...joining,
  ...reshaping,
  ...splitting,
  ...adaptivePooling,
  ...attention,
  ...cudaAttention,
  ...backward,
  ...compositeGradients,
  ...poolingGradients,
  ...batchNorm,
  ...convolutions,
  ...matrixProducts,
  ...movement,
  ...normalization,
  ...padding,
  ...pooling,
  ...ranges,
  ...gridSampling,
  ...images,
  ...recurrent,
  ...upsampling,
  ...contractions,
  ...distances,
  ...diagonals,
  ...unpooling,
  ...encoderLayers,
  ...windows,
  ...fakeQuantization,
  ...observers,
  ...weightProducts,
  ...fourier,
  ...spectral,
  ...sequences,
  ...signals,
  ...weightNorms,
  ...views,
  ...activations,
  ...assertions,
  ...comparisons,
  ...division,
  ...extremes,
  ...gathering,
  ...indexing,
  ...random,
  ...reductions,
  ...scans,
  ...selection,
  ...softmaxes,
  ...unaries,
  ...binaries,
  ...masks,
  ...sorting,
  ...sparse,
  ...special,
  ...statistics,
  ...losses,
  ...crossEntropy,
  ...ctcLosses,
  ...embeddingBags,
  ...counting,
  ...histograms,
  ...segments,
  ...sequences,
  ...queries,
  ...calculus,
  ...gradient,
  ...determinants,
  ...leastSquares,
  ...luDecompositions,
  ...linearSystems,
  ...matrixNorms,
  ...matrixPowers,
  ...orthogonalDecompositions,
  ...spectra,
  ...symmetricDecompositions,
];
