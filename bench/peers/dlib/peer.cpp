// dlib's side of the comparison in bench/peers; the README there says what a
// peer reads and writes.
#include <dlib/dnn.h>
#include <dlib/revision.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using namespace dlib;
using Ints = std::vector<long>;

static uint32_t hash32(uint32_t seed, uint32_t i) {
	uint32_t x = i + seed * 0x9e3779b9u;
	x = (x ^ x >> 16) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return x ^ x >> 16;
}

static float uniform(uint32_t seed, uint32_t i, float lo, float hi) {
	return lo + (hi - lo) * ((hash32(seed, i) >> 8) / 16777216.0f);
}

struct Task {
	std::function<double()> step; // returns the loss
	double check = 0;
};

// Numbers of units are set when the net is made; only depth is a type.
using Two = loss_multiclass_log<fc<1, relu<fc<1, input<matrix<float>>>>>>;
using Three = loss_multiclass_log<fc<1, relu<fc<1, relu<fc<1, input<matrix<float>>>>>>>>;

// each_dense calls f for the dense layers, the last of which is number l.
template <class NET, size_t I = 1> static void each_dense(NET &net, const std::function<void(int, long, tensor &)> &f, int l) {
	auto &fc = layer<I>(net).layer_details();
	f(l, fc.get_num_outputs(), fc.get_layer_params());
	if constexpr (I + 2 < NET::num_layers - 1) each_dense<NET, I + 2>(net, f, l - 1);
}

template <class NET, size_t I = 1> static void set_outputs(NET &net, const Ints &size, int l) {
	layer<I>(net).layer_details().set_num_outputs(size[l + 1]);
	if constexpr (I + 2 < NET::num_layers - 1) set_outputs<NET, I + 2>(net, size, l - 1);
}

template <class NET, class SOLVER> static Task training(long batch, const Ints &size, SOLVER solver, double lr) {
	auto net = std::make_shared<NET>();
	int last = size.size() - 2;
	set_outputs(*net, size, last);
	std::vector<matrix<float>> rows(batch);
	auto classes = std::make_shared<std::vector<unsigned long>>(batch);
	for (long i = 0; i < batch; i++) {
		rows[i].set_size(size[0], 1);
		for (long j = 0; j < size[0]; j++) rows[i](j) = uniform(1, i / 2 * size[0] + j, -2, 2);
		(*classes)[i] = (hash32(2, i) >> 8) % size.back();
	}
	auto x = std::make_shared<resizable_tensor>();
	net->to_tensor(rows.begin(), rows.end(), *x);
	net->compute_loss(*x, classes->begin()); // allocates the weights
	each_dense<NET>(*net, [&](int l, long units, tensor &p) {
		float k = 1 / std::sqrt(float(size[l])), *w = p.host();
		for (long i = 0; i < size[l] * units; i++) w[i] = uniform(10 + l, i, -k, k);
		for (long i = 0; i < units; i++) w[size[l] * units + i] = 0;
	}, last);
	auto solvers = std::make_shared<std::vector<SOLVER>>(net->num_computational_layers, solver);
	Task t;
	t.step = [=] {
		double loss = net->compute_parameter_gradients(*x, classes->begin());
		net->update_parameters(*solvers, lr);
		return loss;
	};
	t.check = t.step(); // how far the loss falls in the first four updates
	for (int i = 0; i < 3; i++) t.step();
	t.check -= t.step();
	return t;
}

static Task prepare(const std::string &work) {
	std::stringstream s(work);
	std::string kind, rule, part;
	Ints n;
	getline(s, kind, '-');
	getline(s, rule, '-');
	if (kind != "mlp") return {};
	while (getline(s, part, '-')) n.push_back(std::stol(part));
	long batch = n[0];
	n.erase(n.begin());
	bool deep = n.size() == 4;
	if (rule == "sgd") return training<Two>(batch, n, sgd(0, 0), .1);
	if (deep) return training<Three>(batch, n, adam(0, .9, .999), .001);
	return training<Two>(batch, n, adam(0, .9, .999), .001);
}

static double now_ms() {
	return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static const double warm_up = 20; // milliseconds

// batch_time returns the time of a step in microseconds: the mean over about
// ms milliseconds, after a tenth of that, and at least warm_up, to warm up.
static double batch_time(const std::function<double()> &step, double ms) {
	double start = now_ms(), took = 0;
	int n = 0;
	while (took == 0 || took < std::max(ms / 10, warm_up)) {
		step();
		n++;
		took = now_ms() - start;
	}
	if (n == 1 && took > ms) return took / n * 1e3;
	n = std::ceil(ms * n / took);
	start = now_ms();
	for (int i = 0; i < n; i++) step();
	return (now_ms() - start) * 1e3 / n;
}

int main(int argc, char **argv) {
	if (argc > 2) {
		std::cout << "{\"work\":\"" << argv[2] << "\",\"error\":\"not offered\"}" << std::endl;
		return 0;
	}
	std::string work, current;
	double ms;
	Task t;
	while (std::cin >> work >> ms) {
		if (work != current) t = prepare(current = work);
		std::cout.precision(9);
		std::cout << "{\"work\":\"" << work << "\",\"version\":\"" << DLIB_MAJOR_VERSION << "." << DLIB_MINOR_VERSION << "\",";
		if (!t.step) std::cout << "\"error\":\"not offered\"}" << std::endl;
		else std::cout << "\"check\":{\"net\":" << t.check << "},\"us\":{\"net\":" << batch_time(t.step, ms) << "}}" << std::endl;
	}
}
