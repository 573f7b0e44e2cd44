// SPDX-License-Identifier: Apache-2.0
// A cuDNN for cudnn_test.cc, which computes on the host, at once, in f32 and f64 alone, and keeps what it was told.
#include <math.h>
#include <stdlib.h>

int fake_cudnn_handles = 0;      // that there are
int fake_cudnn_descriptors = 0;  // likewise
int fake_cudnn_create_status = 0;
int fake_cudnn_computes = 1;
void* fake_cudnn_stream = 0;
int fake_cudnn_nan_propagation = -1;
// Of the latest calls of cudnnActivationForward.
int fake_cudnn_calls = 0;
long long fake_cudnn_elements[4] = {0};
const void* fake_cudnn_inputs[4] = {0};

struct Tensor {
  int data_type;
  long long elements;
};
struct Activation {
  int mode;
  double coefficient;
  double beta;
};

const char* cudnnGetErrorString(int status) {
  return status == 3003 ? "CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE" : "CUDNN_STATUS_OTHER";
}
int cudnnCreate(void** handle) {
  if (fake_cudnn_create_status != 0) return fake_cudnn_create_status;
  ++fake_cudnn_handles;
  *handle = malloc(1);
  return 0;
}
int cudnnDestroy(void* handle) {
  --fake_cudnn_handles;
  free(handle);
  return 0;
}
int cudnnSetStream(void* handle, void* stream) {
  (void)handle;
  fake_cudnn_stream = stream;
  return 0;
}
int cudnnCreateTensorDescriptor(struct Tensor** tensor) {
  ++fake_cudnn_descriptors;
  *tensor = calloc(1, sizeof(**tensor));
  return 0;
}
int cudnnSetTensor4dDescriptor(struct Tensor* tensor, int format, int data_type, int n, int c, int h, int w) {
  if (format != 0) return 2000;
  tensor->data_type = data_type;
  tensor->elements = (long long)n * c * h * w;
  return tensor->elements > 0 ? 0 : 2000;
}
int cudnnDestroyTensorDescriptor(struct Tensor* tensor) {
  --fake_cudnn_descriptors;
  free(tensor);
  return 0;
}
int cudnnCreateActivationDescriptor(struct Activation** activation) {
  ++fake_cudnn_descriptors;
  *activation = calloc(1, sizeof(**activation));
  return 0;
}
int cudnnSetActivationDescriptor(struct Activation* activation, int mode, int nan_propagation, double coefficient) {
  fake_cudnn_nan_propagation = nan_propagation;
  activation->mode = mode;
  activation->coefficient = coefficient;
  activation->beta = 0;
  return 0;
}
int cudnnSetActivationDescriptorSwishBeta(struct Activation* activation, double beta) {
  activation->beta = beta;
  return 0;
}
int cudnnDestroyActivationDescriptor(struct Activation* activation) {
  --fake_cudnn_descriptors;
  free(activation);
  return 0;
}

static double Compute(const struct Activation* activation, double x) {
  switch (activation->mode) {
    case 0:
      return 1 / (1 + exp(-x));
    case 1:
      return x > 0 ? x : 0;
    case 2:
      return tanh(x);
    case 3:
      return fmin(fmax(x, 0), activation->coefficient);
    case 4:
      return x > 0 ? x : activation->coefficient * expm1(x);
    default:
      return x / (1 + exp(-activation->beta * x));
  }
}

int cudnnActivationForward(void* handle, struct Activation* activation, const void* alpha, struct Tensor* of_x,
                           const void* x, const void* beta, struct Tensor* of_y, void* y) {
  if (handle == 0 || of_x->elements != of_y->elements || of_x->data_type != of_y->data_type) return 2000;
  if (of_x->data_type > 1) return 3003;
  fake_cudnn_elements[fake_cudnn_calls % 4] = of_x->elements;
  fake_cudnn_inputs[fake_cudnn_calls % 4] = x;
  ++fake_cudnn_calls;
  for (long long i = 0; fake_cudnn_computes && i < of_x->elements; ++i) {
    if (of_x->data_type == 0) {
      float* const out = (float*)y + i;
      const float before = *(const float*)beta == 0 ? 0 : *out;
      *out = (float)(*(const float*)alpha * Compute(activation, ((const float*)x)[i])) + before;
    } else {
      double* const out = (double*)y + i;
      const double before = *(const double*)beta == 0 ? 0 : *out;
      *out = *(const double*)alpha * Compute(activation, ((const double*)x)[i]) + before;
    }
  }
  return 0;
}
