"""What a voice's graph may be made of: the operators of the default domain that RVC's two exporters emit.

The list holds what graphs of opset 17 and 18 were found to contain, and what the same networks become in older opsets
and without simplification. None of them reads a file, runs a graph of its own, or calls anything.
"""

LOWEST_OPSET, HIGHEST_OPSET = 11, 21
LOWEST_IR, HIGHEST_IR = 4, 11

RANDOM = frozenset({"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"})
PLAIN = """
    Abs Add And Cast CastLike Ceil Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos CumSum Div Equal Erf Exp
    Expand Flatten Floor Gather GatherElements GatherND Gemm Greater GreaterOrEqual Identity InstanceNormalization
    LayerNormalization LeakyRelu Less LessOrEqual Log MatMul Max Min Mod Mul Neg Not Or Pad Pow Range Reciprocal
    ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Reshape Resize Round ScatterElements ScatterND Shape
    Sigmoid Sign Sin Size Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Where Xor
"""
ALLOWED = RANDOM | frozenset(PLAIN.split())
SUBGRAPHS = frozenset({"If", "Loop", "Scan", "SequenceMap"})
