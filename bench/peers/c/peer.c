/* Hand-written C's side of the comparison in bench/peers; the README there
   says what a peer reads and writes. Gradients derived by hand, one loop for
   each update, OpenBLAS for the products: a bound, not an autodiff engine. */
#define _GNU_SOURCE
#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static float *blocks[1000]; /* of the current work */
static int nblocks;

static float *zeros(size_t n) {
	size_t bytes = (n * sizeof(float) + 63) / 64 * 64;
	float *p = aligned_alloc(64, bytes);
	return blocks[nblocks++] = memset(p, 0, bytes);
}

static uint32_t hash(uint32_t seed, uint32_t i) {
	uint32_t x = i + seed * 0x9e3779b9u;
	x = (x ^ x >> 16) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return x ^ x >> 16;
}

static float *uniform(uint32_t seed, size_t n, float lo, float hi) {
	float *u = zeros(n);
	for (size_t i = 0; i < n; i++)
		u[i] = lo + (hi - lo) * ((hash(seed, i) >> 8) / 16777216.0f);
	return u;
}

static double mean_abs(const float *x, size_t n, float from) {
	double sum = 0;
	for (size_t i = 0; i < n; i++) sum += fabs(x[i] - from);
	return sum / n;
}

/* Updates. */

enum rule { SGD, MOMENTUM, ADAGRAD, ADAM, ADAMW };
static const char *rule_names[] = {"sgd", "momentum", "adagrad", "adam", "adamw"};
static const float rates[] = {.1f, .01f, .01f, .001f, .001f};

static enum rule rule_named(const char *name) {
	enum rule r = SGD;
	while (strcmp(rule_names[r], name)) r++;
	return r;
}

static void update(enum rule r, float *restrict p, const float *restrict g, float *restrict m, float *restrict v,
                   size_t n, int t) {
	const float lr = rates[r], b1 = .9f, b2 = .999f;
	const float size = lr / (1 - pow(b1, t)), root = 1 / sqrt(1 - pow(b2, t));
	const float keep = r == ADAMW ? 1 - lr * .01f : 1;
	switch (r) {
	case SGD:
		for (size_t i = 0; i < n; i++) p[i] -= lr * g[i];
		break;
	case MOMENTUM:
		for (size_t i = 0; i < n; i++) p[i] -= lr * (m[i] = .9f * m[i] + g[i]);
		break;
	case ADAGRAD:
		for (size_t i = 0; i < n; i++) p[i] -= lr * g[i] / (sqrtf(v[i] += g[i] * g[i]) + 1e-10f);
		break;
	default:
		for (size_t i = 0; i < n; i++) {
			m[i] = b1 * m[i] + (1 - b1) * g[i];
			v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
			p[i] = keep * p[i] - size * m[i] / (sqrtf(v[i]) * root + 1e-8f);
		}
	}
}

/* A multilayer perceptron: ReLU, softmax cross-entropy. */

enum { MAX = 4 };
static int layers, batch_size, size[MAX + 1], *class, t;
static size_t nparams, weight[MAX], bias[MAX];
static float *param, *grad, *mean, *square, *act[MAX + 1], *delta[MAX + 1];
static enum rule rule;
static double loss;

static void mlp_step(void) {
	int b = batch_size;
	for (int l = 0; l < layers; l++) {
		int in = size[l], out = size[l + 1];
		float *y = act[l + 1];
		for (int i = 0; i < b; i++) memcpy(y + i * out, param + bias[l], out * sizeof(float));
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, b, out, in, 1, act[l], in, param + weight[l], out, 1, y,
		            out);
		if (l < layers - 1)
			for (int i = 0; i < b * out; i++) y[i] = y[i] > 0 ? y[i] : 0;
	}
	int classes = size[layers];
	loss = 0;
	for (int i = 0; i < b; i++) {
		const float *z = act[layers] + i * classes;
		float *restrict d = delta[layers] + i * classes, max = z[0], sum = 0;
		for (int j = 1; j < classes; j++) max = z[j] > max ? z[j] : max;
		for (int j = 0; j < classes; j++) sum += d[j] = expf(z[j] - max);
		loss += (logf(sum) + max - z[class[i]]) / b;
		for (int j = 0; j < classes; j++) d[j] /= sum * b;
		d[class[i]] -= 1.0f / b;
	}
	for (int l = layers - 1; l >= 0; l--) {
		int in = size[l], out = size[l + 1];
		float *d = delta[l + 1], *restrict gb = grad + bias[l], *restrict dx = delta[l];
		cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, in, out, b, 1, act[l], in, d, out, 0, grad + weight[l], out);
		memset(gb, 0, out * sizeof(float));
		for (int i = 0; i < b; i++)
			for (int j = 0; j < out; j++) gb[j] += d[i * out + j];
		if (l == 0) break;
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, b, in, out, 1, d, out, param + weight[l], out, 0, dx, in);
		for (int i = 0; i < b * in; i++) dx[i] = act[l][i] > 0 ? dx[i] : 0;
	}
	update(rule, param, grad, mean, square, nparams, ++t);
}

static void mlp(enum rule r, int b, int n, const int *sizes) {
	rule = r, batch_size = b, layers = n - 1, nparams = 0, t = 0;
	for (int l = 0; l < n; l++) {
		size[l] = sizes[l];
		act[l] = zeros((size_t)b * sizes[l]), delta[l] = zeros((size_t)b * sizes[l]);
	}
	for (int l = 0; l < layers; l++) {
		weight[l] = nparams, bias[l] = weight[l] + (size_t)size[l] * size[l + 1];
		nparams = bias[l] + size[l + 1];
	}
	param = zeros(nparams), grad = zeros(nparams), mean = zeros(nparams), square = zeros(nparams);
	for (int l = 0; l < layers; l++) {
		float k = 1 / sqrtf(size[l]);
		memcpy(param + weight[l], uniform(10 + l, bias[l] - weight[l], -k, k), (bias[l] - weight[l]) * sizeof(float));
	}
	const float *distinct = uniform(1, (size_t)b / 2 * size[0], -2, 2);
	class = (int *)zeros(b);
	for (int i = 0; i < b; i++) {
		memcpy(act[0] + (size_t)i * size[0], distinct + (size_t)(i / 2) * size[0], size[0] * sizeof(float));
		class[i] = (hash(2, i) >> 8) % size[layers];
	}
}

/* How far the loss falls in the first four updates. */
static double fall(void) {
	mlp_step();
	double first = loss;
	for (int i = 0; i < 4; i++) mlp_step();
	return first - loss;
}

/* Updates of n parameters in so many tensors, and memcpy in the same memory. */

static int tensors;
static size_t each;
static float *ps[100], *gs[100], *ms[100], *vs[100], *arena;
static size_t arena_bytes;

static void update_step(void) {
	t++;
	for (int k = 0; k < tensors; k++) update(rule, ps[k], gs[k], ms[k], vs[k], each, t);
}

static void memcpy_step(void) { memcpy(arena, (char *)arena + arena_bytes / 2, arena_bytes / 2); }

/* arrays held and array passes made by an update */
static const int held[] = {2, 3, 3, 4, 4}, passes[] = {3, 5, 5, 7, 7};

static void updates(enum rule r, size_t n, int count) {
	rule = r, tensors = count, each = n / count, t = 0;
	for (int k = 0; k < count; k++) {
		ps[k] = zeros(each), gs[k] = uniform(3, each, -1, 1);
		ms[k] = held[r] == 4 || r == MOMENTUM ? zeros(each) : NULL;
		vs[k] = held[r] == 4 || r == ADAGRAD ? zeros(each) : NULL;
		for (size_t i = 0; i < each; i++) ps[k][i] = 1;
	}
	arena_bytes = held[r] * n * sizeof(float);
	arena = zeros(arena_bytes / sizeof(float));
}

/* Functions of many numbers, and products. */

static float *in1, *in2, *out;
static int count;

static void exp_step(void) { for (int i = 0; i < count; i++) out[i] = expf(in1[i]); }
static void tanh_step(void) { for (int i = 0; i < count; i++) out[i] = 1 - 2 / (expf(2 * in1[i]) + 1); }
static void sigmoid_step(void) { for (int i = 0; i < count; i++) out[i] = 1 / (1 + expf(-in1[i])); }
static void log_step(void) { for (int i = 0; i < count; i++) out[i] = logf(in1[i]); }

static int gm, gk, gn, ta, tb;

static void gemm_step(void) {
	cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, gm, gn, gk, 1, in1,
	            ta ? gm : gk, in2, tb ? gk : gn, 0, out, gn);
}

/* Makes a work ready; returns its step, or NULL. */
static void (*prepare(const char *work, double *check))(void) {
	char kind[32] = "", name[32] = "";
	int n[6], k = sscanf(work, "%31[a-z]-%31[a-z]-%d-%d-%d-%d-%d-%d", kind, name, n, n + 1, n + 2, n + 3, n + 4, n + 5) - 2;
	void (*step)(void) = NULL;
	while (nblocks > 0) free(blocks[--nblocks]);
	if (!strcmp(kind, "mlp") || !strcmp(kind, "peak")) {
		mlp(rule_named(name), n[0], k - 1, n + 1);
		step = mlp_step;
		*check = fall();
	} else if (!strcmp(kind, "update")) {
		updates(rule_named(name), n[0], n[1]);
		step = update_step;
		for (int i = 0; i < 3; i++) step();
		*check = 0;
		for (int i = 0; i < tensors; i++) *check += mean_abs(ps[i], each, 1) / tensors;
	} else if (!strcmp(kind, "map")) {
		step = !strcmp(name, "exp") ? exp_step : !strcmp(name, "tanh") ? tanh_step : !strcmp(name, "log") ? log_step : sigmoid_step;
		count = n[0], in1 = uniform(6, count, .01f, 4), out = zeros(count);
		step();
		*check = mean_abs(out, count, 0);
	} else if (!strcmp(kind, "gemm")) {
		gm = n[0], gk = n[1], gn = n[2], ta = !strcmp(name, "wgrad"), tb = !strcmp(name, "xgrad");
		if (ta) gm = n[1], gk = n[0];
		if (tb) gk = n[2], gn = n[1];
		in1 = uniform(4, (size_t)gm * gk, -1, 1), in2 = uniform(5, (size_t)gk * gn, -1, 1), out = zeros((size_t)gm * gn);
		step = gemm_step;
		step();
		*check = mean_abs(out, (size_t)gm * gn, 0);
	}
	return step;
}

#define WARM_UP 20.0 /* milliseconds */

/* The time of a step in microseconds: the mean over about ms milliseconds,
   after a tenth of that, and at least WARM_UP, to warm up. */
static double batch(void (*step)(void), double ms) {
	double start = now_ms(), took = 0;
	int n = 0;
	while (took == 0 || took < fmax(ms / 10, WARM_UP)) {
		step();
		n++;
		took = now_ms() - start;
	}
	if (n == 1 && took > ms) return took / n * 1e3;
	n = ceil(ms * n / took);
	start = now_ms();
	for (int i = 0; i < n; i++) step();
	return (now_ms() - start) * 1e3 / n;
}

static int peak_kb(void) {
	char line[256];
	int kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (fgets(line, sizeof line, f) && !sscanf(line, "VmHWM: %d", &kb)) {}
	fclose(f);
	return kb;
}

int main(int argc, char **argv) {
	char line[256], work[256], current[256] = "";
	double ms, check = 0;
	void (*step)(void) = NULL;
	if (argc > 2) {
		if (strncmp(argv[2], "peak", 4)) return !printf("{\"work\":\"%s\",\"error\":\"not offered\"}\n", argv[2]);
		step = prepare(argv[2], &check);
		for (int i = 5; i < 20; i++) step();
		printf("{\"work\":\"%s\",\"check\":{\"loop\":%.9g},\"peak_kb\":%d}\n", argv[2], loss, peak_kb());
		return 0;
	}
	openblas_set_num_threads(atoi(argv[1]));
	while (fgets(line, sizeof line, stdin) && sscanf(line, "%255s %lf", work, &ms) == 2) {
		if (strcmp(work, current)) step = prepare(strcpy(current, work), &check);
		if (!step) {
			printf("{\"work\":\"%s\",\"error\":\"not offered\"}\n", work);
		} else {
			printf("{\"work\":\"%s\",\"version\":\"%s, %s\",\"check\":{\"loop\":%.9g},\"us\":{\"loop\":%.6g", work,
			       openblas_get_config(), openblas_get_corename(), check, batch(step, ms));
			if (step == update_step) /* the time of moving as many bytes */
				printf(",\"memcpy\":%.6g", batch(memcpy_step, ms) * passes[rule] / held[rule]);
			puts("}}");
		}
		fflush(stdout);
	}
}
