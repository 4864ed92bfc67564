// libtorch's side of the comparison in bench/peers; the README there says what
// a peer reads and writes.
#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using torch::Tensor;
using Ints = std::vector<int64_t>;
namespace F = torch::nn::functional;

static Tensor hash32(int64_t seed, int64_t n) {
	const int64_t mask = 0xFFFFFFFF;
	Tensor x = (torch::arange(n) + seed * int64_t(0x9E3779B9)) & mask;
	x = ((x ^ x.__rshift__(16)) * int64_t(0x85EBCA6B)) & mask;
	x = ((x ^ x.__rshift__(13)) * int64_t(0xC2B2AE35)) & mask;
	return x ^ x.__rshift__(16);
}

static Tensor uniform(int64_t seed, int64_t n, double lo, double hi) {
	return lo + (hi - lo) * (hash32(seed, n).__rshift__(8).to(torch::kFloat) / (1 << 24));
}

struct Task {
	std::function<Tensor()> step; // returns the loss of a training step
	double check;
};
using Tasks = std::map<std::string, Task>; // by the way they are done

static Tensor repeated(int n, const std::function<Tensor()> &step) {
	while (n-- > 1) step();
	return step();
}

// fall returns how far the loss falls in the first four updates.
static double fall(const std::function<Tensor()> &step) {
	double first = step().item<double>();
	return first - repeated(4, step).item<double>();
}

struct Net {
	torch::nn::Sequential layers;
	Tensor x, y;
	Tensor loss() { return F::cross_entropy(layers->forward(x), y); }
};

static Net net(bool tanh, int64_t batch, const Ints &sizes) {
	Net n;
	for (size_t l = 0; l + 1 < sizes.size(); l++) {
		if (l > 0 && tanh) n.layers->push_back(torch::nn::Tanh());
		if (l > 0 && !tanh) n.layers->push_back(torch::nn::ReLU());
		torch::nn::Linear dense(sizes[l], sizes[l + 1]);
		double k = 1 / std::sqrt(double(sizes[l]));
		dense->weight.set_data(uniform(10 + l, sizes[l] * sizes[l + 1], -k, k).view({sizes[l], sizes[l + 1]}).t().contiguous());
		dense->bias.data().zero_();
		n.layers->push_back(dense);
	}
	n.x = uniform(1, batch / 2 * sizes[0], -2, 2).view({-1, sizes[0]}).repeat_interleave(2, 0);
	n.y = hash32(2, batch).__rshift__(8).remainder(sizes.back());
	return n;
}

static std::shared_ptr<torch::optim::Optimizer> optimizer(const std::string &rule, const std::vector<Tensor> &p) {
	using namespace torch::optim;
	if (rule == "sgd") return std::make_shared<SGD>(p, SGDOptions(.1));
	if (rule == "momentum") return std::make_shared<SGD>(p, SGDOptions(.01).momentum(.9));
	if (rule == "adagrad") return std::make_shared<Adagrad>(p, AdagradOptions(.01));
	if (rule == "adamw") return std::make_shared<AdamW>(p, AdamWOptions(.001).weight_decay(.01));
	return std::make_shared<Adam>(p, AdamOptions(.001));
}

// flatten makes parameters and gradients views of one tensor, so that zeroing
// and the update are one call each, whatever their number.
static Tensor flatten(const std::vector<Tensor> &params) {
	std::vector<Tensor> parts;
	for (auto &p : params) parts.push_back(p.data().reshape(-1));
	Tensor flat = torch::cat(parts).requires_grad_(true);
	flat.mutable_grad() = torch::zeros_like(flat);
	int64_t at = 0;
	for (auto p : params) {
		int64_t n = p.numel();
		p.set_data(flat.data().narrow(0, at, n).view(p.sizes()));
		p.mutable_grad() = flat.grad().narrow(0, at, n).view(p.sizes());
		at += n;
	}
	return flat;
}

static std::function<Tensor()> training(const std::string &rule, bool flat, Net n) {
	auto params = n.layers->parameters();
	if (flat) {
		Tensor whole = flatten(params);
		auto o = optimizer(rule, {whole});
		return [=]() mutable {
			whole.grad().zero_();
			Tensor loss = n.loss();
			loss.backward();
			o->step();
			return loss;
		};
	}
	auto o = optimizer(rule, params);
	return [=]() mutable {
		for (auto &p : params) p.mutable_grad().reset();
		Tensor loss = n.loss();
		loss.backward();
		o->step();
		return loss;
	};
}

static Tasks mlp(const std::string &rule, int64_t batch, const Ints &sizes) {
	Tasks tasks;
	for (bool flat : {false, true}) {
		auto step = training(rule, flat, net(false, batch, sizes));
		tasks[flat ? "flat" : "eager"] = {step, fall(step)};
	}
	return tasks;
}

// descend returns a gradient step on a loss of a few leaves.
static std::function<Tensor()> descend(std::vector<Tensor> leaves, double lr, std::function<Tensor()> f) {
	return [=]() mutable {
		Tensor loss = f();
		auto grads = torch::autograd::grad({loss}, leaves);
		torch::NoGradGuard off;
		for (size_t i = 0; i < leaves.size(); i++) leaves[i].sub_(grads[i], lr);
		return loss;
	};
}

static Tasks rosenbrock() {
	Tensor x = torch::tensor(-1.2f).requires_grad_(true), y = torch::tensor(1.f).requires_grad_(true);
	auto step = descend({x, y}, 2e-4, [=] {
		Tensor a = 1 - x, b = y - x * x;
		return a * a + 100 * (b * b);
	});
	return {{"eager", {step, fall(step)}}};
}

static Tasks hvp(int64_t batch, const Ints &sizes) {
	Net n = net(true, batch, sizes);
	auto params = n.layers->parameters();
	std::vector<Tensor> vs;
	for (size_t k = 0; k < params.size(); k++) {
		auto &p = params[k];
		Tensor v = uniform(20 + k, p.numel(), -1, 1);
		vs.push_back(p.dim() == 2 ? v.view({p.size(1), p.size(0)}).t().contiguous() : v);
	}
	auto product = [=]() mutable {
		auto grads = torch::autograd::grad({n.loss()}, params, {}, true, true);
		return torch::autograd::grad(grads, params, vs);
	};
	std::vector<Tensor> parts;
	for (auto &h : product()) parts.push_back(h.reshape(-1));
	return {{"eager", {[=]() mutable { return product()[0]; }, torch::cat(parts).abs().mean().item<double>()}}};
}

static Tasks update(const std::string &rule, int64_t n, int64_t tensors) {
	Tasks tasks;
	for (bool flat : {false, true}) {
		if (flat && tensors == 1) continue;
		std::vector<Tensor> params;
		for (int64_t k = 0; k < tensors; k++) params.push_back(torch::ones(n / tensors).requires_grad_(true));
		if (flat) params = {flatten(params)};
		for (auto &p : params) p.mutable_grad() = uniform(3, n / tensors, -1, 1).repeat({p.numel() * tensors / n});
		auto o = optimizer(rule, params);
		auto step = [=] { return o->step(), Tensor(); };
		repeated(3, step);
		double sum = 0;
		for (auto &p : params) sum += (p.data() - 1).abs().to(torch::kDouble).sum().item<double>();
		tasks[flat ? "flat" : "eager"] = {step, sum / n};
	}
	return tasks;
}

static Tasks map(const std::string &name, int64_t n) {
	Tensor x = uniform(6, n, .01, 4), y = torch::empty_like(x);
	std::function<Tensor()> step;
	if (name == "exp") step = [=]() mutable { return torch::exp_out(y, x); };
	if (name == "tanh") step = [=]() mutable { return torch::tanh_out(y, x); };
	if (name == "sigmoid") step = [=]() mutable { return torch::sigmoid_out(y, x); };
	if (name == "log") step = [=]() mutable { return torch::log_out(y, x); };
	return {{"out", {step, step().abs().to(torch::kDouble).mean().item<double>()}}};
}

// read splits kind-name-1-2-3.
static void read(const std::string &work, std::string &kind, std::string &name, Ints &sizes) {
	std::stringstream s(work);
	std::string part;
	getline(s, kind, '-');
	getline(s, name, '-');
	while (getline(s, part, '-')) sizes.push_back(stoll(part));
}

static Tasks prepare(const std::string &work) {
	std::string kind, name;
	Ints n;
	read(work, kind, name, n);
	if (kind == "mlp") return mlp(name, n[0], Ints(n.begin() + 1, n.end()));
	if (kind == "rosenbrock") return rosenbrock();
	if (kind == "hvp") return hvp(n[0], Ints(n.begin() + 1, n.end()));
	if (kind == "update") return update(name, n[0], n[1]);
	if (kind == "map") return map(name, n[0]);
	return {};
}

static double now_ms() {
	return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static const double warmUp = 20; // milliseconds

// batch returns the time of a step in microseconds: the mean over about ms
// milliseconds, after a tenth of that, and at least warmUp, to warm up.
static double batch(const std::function<Tensor()> &step, double ms) {
	double start = now_ms(), took = 0;
	int n = 0;
	while (took == 0 || took < std::max(ms / 10, warmUp)) {
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

// once does a work that is measured as a whole process.
static void once(const std::string &work) {
	std::string kind, name;
	Ints n;
	read(work, kind, name, n);
	std::function<Tensor()> step;
	int steps = 1000;
	if (kind == "first" || kind == "peak") {
		steps = kind == "peak" ? 20 : 1;
		step = training(name, false, net(false, n[0], Ints(n.begin() + 1, n.end())));
	} else if (kind == "scalar") {
		Tensor x = torch::tensor(5.f).requires_grad_(true);
		step = descend({x}, .001, [=] { return x * x; });
	} else if (kind == "logistic") {
		Tensor x = uniform(7, 300, -2, 2).view({100, 3});
		Tensor y = (x.mv(torch::tensor({1.f, -2.f, .5f})) + .3 > 0).to(torch::kFloat);
		Tensor w = torch::zeros(3).requires_grad_(true), b = torch::zeros(1).requires_grad_(true);
		step = descend({w, b}, .1, [=] { return F::binary_cross_entropy_with_logits(torch::addmv(b, x, w), y); });
	} else {
		printf("{\"work\":\"%s\",\"error\":\"not offered\"}\n", work.c_str());
		return;
	}
	double check = repeated(steps, step).item<double>();
	int kb = 0;
	std::ifstream status("/proc/self/status");
	for (std::string line; getline(status, line) && !sscanf(line.c_str(), "VmHWM: %d", &kb);) {}
	printf("{\"work\":\"%s\",\"check\":{\"eager\":%.9g},\"peak_kb\":%d}\n", work.c_str(), check, kb);
}

int main(int argc, char **argv) {
	at::set_num_threads(atoi(argv[1]));
	at::globalContext().setFlushDenormal(true);
	if (argc > 2) {
		once(argv[2]);
		fflush(stdout);
		return 0;
	}
	std::string work, current;
	double ms;
	Tasks tasks;
	while (std::cin >> work >> ms) {
		if (work != current) {
			tasks.clear();
			tasks = prepare(current = work);
		}
		std::ostringstream check, us;
		for (auto &t : tasks) {
			const char *comma = &t == &*tasks.begin() ? "" : ",";
			check.precision(9);
			check << comma << '"' << t.first << "\":" << t.second.check;
			us << comma << '"' << t.first << "\":" << batch(t.second.step, ms);
		}
		std::cout << "{\"work\":\"" << work << "\",\"version\":\"" << TORCH_VERSION << "\",";
		if (tasks.empty()) std::cout << "\"error\":\"not offered\"}" << std::endl;
		else std::cout << "\"check\":{" << check.str() << "},\"us\":{" << us.str() << "}}" << std::endl;
	}
}
