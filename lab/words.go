package lab

import "strings"

// A Text is in English and in Chinese; one without Chinese is a formula, and
// the same in both.
type Text struct{ EN, ZH string }

// In returns the text in a language, "en" or "zh".
func (t Text) In(lang string) string {
	if lang == "zh" && t.ZH != "" {
		return t.ZH
	}
	return t.EN
}

// tutorials are the titles of the five.
var tutorials = []Text{
	{"Objective functions and gradient descent", "目标函数与梯度下降"},
	{"Optimisation and loss minimisation", "最优化与损失最小化"},
	{"Convergence, adaptive methods, non-convex functions", "收敛性、自适应方法与非凸函数"},
	{"Three points and a line, in JavaScript", "三个点与一条直线（JavaScript）"},
	{"From derivatives to gradient ascent", "从导数到梯度上升"},
}

// Label is the text whose English is given: of a number, or in a picture. One
// that is not in the table is a formula.
func Label(en string) Text {
	row, inside := labelRow(en)
	zh := row.ZH
	for _, text := range inside {
		zh = strings.Replace(zh, "%s", text, 1)
	}
	return Text{en, zh}
}

// labelRow finds the row of a label, and what the label has in place of each %s.
func labelRow(en string) (row Text, inside []string) {
	for _, t := range labels {
		if t.EN == en {
			return t, nil
		}
	}
	for _, t := range labels {
		if inside := fits(en, strings.Split(t.EN, "%s")); inside != nil {
			return t, inside
		}
	}
	return Text{}, nil
}

// fits returns what stands between the parts of a text; nil if the text is not made of them.
func fits(text string, parts []string) (between []string) {
	text, ok := strings.CutPrefix(text, parts[0])
	for i, part := range parts[1:] {
		at := strings.Index(text, part)
		if i == len(parts)-2 {
			at = len(text) - len(part)
		}
		if !ok || at < 1 || text[at:at+len(part)] != part {
			return nil
		}
		between = append(between, text[:at])
		text = text[at+len(part):]
	}
	return between
}

// labels are what experiments call their numbers, and what is written in
// pictures. Each %s stands for what is the same in both languages: a formula, a
// number. A label that is a row itself is that row's; else the first that fits.
var labels = []Text{
	// derivatives
	{"derivative", "导数"},
	{"derivative at %s", "%s 处的导数"},
	{"derivative by %s", "对 %s 的导数"},
	{"by %s", "对 %s 的导数"},
	{"l2: by %s", "l2：对 %s 的导数"},
	{"λΣw²: by %s", "λΣw²：对 %s 的导数"},
	{"mean gradient by b", "平均损失对 b 的导数"},
	{"summed gradient by b", "求和损失对 b 的导数"},
	{"gradient", "梯度"},
	{"gradient at %s", "梯度：%s"},
	{"norm of the gradient", "梯度的模"},
	{"direction of the gradient", "梯度方向"},
	{"directional derivative", "方向导数"},
	{"directional derivative at %s", "%s 处的方向导数"},
	{"along %s", "沿 %s"},
	{"largest of the scan", "扫描所得最大值"},
	{"its angle in degrees", "其角度（度）"},
	{"angle (degrees)", "角度（度）"},
	{"its second derivative", "其二阶导数"},
	{"central %s", "中心 %s"},
	{"forward %s", "前向 %s"},
	{"error", "误差"},
	{"error of the central one at 0.1", "h = 0.1 时中心差商的误差"},
	{"error of the difference quotient of %s at %s", "%s 在 %s 处差商的误差"},
	{"error of the forward quotient at 0.1", "h = 0.1 时前向差商的误差"},
	{"curvature along %s there", "该处沿 %s 的曲率"},
	{"curvature along %s", "沿 %s 的曲率"},
	{"curvature at %s", "%s 处的曲率"},
	{"largest curvature", "最大曲率"},
	{"least curvature of the line's loss", "直线损失的最小曲率"},
	{"condition number, min-max", "条件数，min-max"},
	{"condition number, raw", "条件数，原始"},
	{"condition number, standardised", "条件数，标准化"},
	{"least eigenvalue with x twice", "x 列重复时的最小特征值"},
	{"slope of the logistic loss at %s", "logistic 损失在 %s 处的斜率"},
	{"slope of the squared error at %s", "平方误差在 %s 处的斜率"},
	{"at %s", "%s 处"},
	{"bound %s", "上界 %s"},

	// losses
	{"loss", "损失"},
	{"cost", "代价"},
	{"value", "值"},
	{"squared error", "平方误差"},
	{"squared error, target %s", "平方误差，目标 %s"},
	{"logistic loss", "logistic 损失"},
	{"Huber loss, delta = %s", "Huber 损失，δ = %s"},
	{"binary cross-entropy of a logit, target %s", "logit 的二元交叉熵，目标 %s"},
	{"mean squared error", "均方误差"},
	{"half the mean squared error", "均方误差的一半"},
	{"mean loss of one number for %s", "一个数对 %s 的平均损失"},
	{"loss, scaled to its minimum", "损失（除以其最小值）"},
	{"estimate", "估计值"},
	{"minimiser of %s", "%s 的最小点"},
	{"regularised logistic loss", "正则化 logistic 损失"},
	{"log-likelihood", "对数似然"},
	{"mean log-likelihood", "平均对数似然"},
	{"summed loss", "求和损失"},
	{"total", "总和"},
	{"total squared distance", "平方距离之和"},
	{"least total", "最小总和"},
	{"distance of point %s", "第 %s 个点的距离"},
	{"that point's loss", "该点自己的损失"},
	{"first loss", "初始损失"},
	{"last loss", "最终损失"},
	{"last loss, all 100 rows", "最终损失，全部 100 行"},
	{"last loss, %s rows in order", "最终损失，每批 %s 行、按顺序"},
	{"loss after the first step", "第一步后的损失"},
	{"loss after the last step", "最后一步后的损失"},
	{"loss after each epoch", "每轮之后的损失"},
	{"loss after %s steps of %s", "走 %s 步（步长 %s）后的损失"},
	{"cost after the first step", "第一步后的代价"},
	{"cost after the last step", "最后一步后的代价"},
	{"cost with x twice, by descent", "x 列重复时梯度下降所得代价"},
	{"after the first step", "第一步之后"},
	{"after the last", "最后一步之后"},
	{"least squares %s", "最小二乘 %s"},
	{"least squares loss", "最小二乘损失"},
	{"loss - least loss", "损失 - 最小损失"},
	{"distance to the least loss", "与最小损失之差"},
	{"accuracy", "准确率"},
	{"bias", "偏置"},

	// weights and data
	{"weight", "权重"},
	{"weights with L1 and with L2", "L1 与 L2 下的权重"},
	{"without penalty", "无正则"},
	{"exact zeros with %s", "%s 下精确为零的个数"},
	{"first weight with %s", "%s 下的第一个权重"},
	{"weight by ascent", "上升所得权重"},
	{"states of %s", "%s 的状态数"},
	{"sum of the attributions", "归因之和"},
	{"terms", "项数"},
	{"as printed", "照印刷的写法"},
	{"data", "数据"},
	{"fit", "拟合"},
	{"line", "直线"},
	{"data and line", "数据与直线"},
	{"points", "数据点"},
	{"predictions", "预测"},
	{"points and predictions", "数据点与预测"},
	{"three points", "三个点"},
	{"one hidden unit", "一个隐藏单元"},
	{"raw", "原始"},
	{"min-max", "min-max"},
	{"standardised", "标准化"},
	{"all 100 rows", "全部 100 行"},
	{"%s rows, in order", "%s 行，按顺序"},
	{"%s rows, shuffled", "%s 行，打乱"},
	{"1 row, shuffled", "1 行，打乱"},
	{"normal equation", "正规方程"},

	// steps and paths
	{"step", "步"},
	{"steps", "各步"},
	{"epoch", "轮"},
	{"updates", "更新"},
	{"updates with 1 row", "每批 1 行的更新次数"},
	{"updates with %s rows", "每批 %s 行的更新次数"},
	{"path", "路径"},
	{"gradient descent", "梯度下降"},
	{"gradient descent, %s", "梯度下降，%s"},
	{"ascent", "上升"},
	{"Gradient Descent for %s", "梯度下降：%s"},
	{"from %s, lr 0.005", "从 %s 出发，lr = 0.005"},
	{"from the ridge", "从脊线出发"},
	{"stuck on the ridge", "停在脊线上"},
	{"from %s", "从 %s 出发"},
	{"end from %s", "从 %s 出发的终点"},
	{"five starts", "五个起点"},
	{"lr = 0.01 from %s", "lr = 0.01，从 %s 出发"},
	{"f at each step", "每一步的 f"},
	{"w at each step", "每一步的 w"},
	{"x at each step", "每一步的 x"},
	{"x² at each step", "每一步的 x²"},
	{"θ by step size", "不同步长下的 θ"},
	{"x² with three step sizes", "x² 上的三种步长"},
	{"Adam's coordinates", "Adam 的坐标"},
	{"x at the start", "起点的 x"},
	{"x after %s steps", "%s 步后的 x"},
	{"x after %s steps of %s", "走 %s 步（步长 %s）后的 x"},
	{"|x| with %s", "步长 %s 时的 |x|"},
	{"increased: %s", "增大：%s"},
	{"decreased: %s", "减小：%s"},
	{"step with ε inside", "ε 在根号内的步长"},
	{"step with ε outside", "ε 在根号外的步长"},
	{"first step's x", "第一步的 x"},
	{"largest difference from PyTorch's path", "与 PyTorch 轨迹的最大差"},
	{"w in float32", "单精度下的 w"},
	{"L at %s", "L，当 %s"},
	{"steps as printed", "照印刷写法的步数"},
	{"steps with the absolute value", "取绝对值的步数"},
	{"where it ends", "终点"},
	{"Adam ends at %s", "Adam 终点的 %s"},
	{"SGD ends at %s", "SGD 终点的 %s"},
	{"SGD ends at", "SGD 的终点"},
	{"steps of SGD to the floor", "SGD 到盆底的步数"},
	{"steps of Adam to the floor", "Adam 到盆底的步数"},
	{"θ0 by descent", "梯度下降所得 θ0"},
	{"gradient proposals", "梯度候选点"},
	{"normal proposals", "高斯候选点"},
	{"seeds that end at %s", "停在 %s 的种子数"},
	{"share of global minima with random proposals", "随机候选点到达全局最小的比例"},
	{"it visits, nearest to %s", "经过的最接近 %s 的点"},
	{"least x after %s steps", "%s 步后最小的 x"},
	{"%s steps", "%s 步"},
	{"largest", "最大的 x"},

	// minima
	{"minimum", "最小点"},
	{"minima", "极小点"},
	{"maxima", "极大点"},
	{"claimed", "书中所说"},
	{"claimed minimum", "书中所说最小点"},
	{"global minimum", "全局最小点"},
	{"global minimum, %s", "全局最小点的 %s"},
	{"local minimum", "局部极小点"},
	{"other minimum, %s", "另一极小点的 %s"},
	{"where the minima are", "极小点在哪里"},
	{"maximum in %s", "%s 方向的极大点"},
	{"maximum of %s", "%s 的最大点"},
	{"its value", "其函数值"},
	{"its f", "其 f"},
	{"its f + penalty", "其 f + 正则项"},
	{"best value", "最好的值"},
	{"least value", "最小值"},
	{"critical point", "临界点"},
	{"the tutorial's own finder", "书中自己的程序"},
	{"minima without", "无正则的极小点数"},
	{"minima with", "有正则的极小点数"},
	{"without", "无正则"},
	{"with L2", "有 L2"},
	{"with %s", "加 %s"},
}

// words are those of the book and of the command, by what they are for.
var words = map[string]Text{
	"title": {"Gradient descent, claim by claim", "梯度下降：逐条验证"},
	"intro": {"Every formula, program, number and picture of five tutorials on gradient descent, run again. Each derivative is taken by reverse mode; nothing was derived by hand.",
		"五篇梯度下降教程里的每个公式、程序、数值与图，全部重新运行。所有导数都由反向模式自动求出，没有一处手推。"},
	"colon":   {": ", "："},
	"claim":   {"Claim", "说法"},
	"truth":   {"Truth", "事实"},
	"verdict": {"Verdict", "结论"},
	"params":  {"Parameters", "参数"},
	"try":     {"Try it", "自己试"},
	"free":    {"Set with --set", "可用 --set 设定"},
	"again":   {"Run the tutorial's numbers again", "重新运行教程的数值"},
	"stop":    {"Stop", "停止"},
	"only":    {"Only this experiment", "只看这个实验"},
	"all":     {"The whole book", "查看全书"},
	"running": {"It runs …", "正在运行……"},
	"stopped": {"Stopped.", "已停止。"},
	"nothing": {"Not the tutorial's parameters: no number is expected.", "参数与教程不同，数值没有期望值可对照。"},
	"right":   {"%d of %d numbers are as expected", "与期望相符的数值：%d / %d"},
	"here":    {"%s; run in this page, in %s s.", "%s；在本页运行，用时 %s 秒。"},
	"broken":  {"No experiment can run in this browser: %s", "此浏览器无法运行实验：%s"},
	"live": {"Each experiment can be run in this page: move its parameters, and it is measured and drawn again. The address has what is set, such as #step-sizes&lr3=0.99&steps=40.",
		"每个实验都可以在本页运行：移动参数，就会重新测量并绘图。地址里带有所设的参数，例如 #step-sizes&lr3=0.99&steps=40。"},
	"moved":    {"With these parameters", "用这组参数"},
	"number":   {"number", "数值"},
	"got":      {"measured", "实测"},
	"want":     {"expected", "期望"},
	"holds":    {"the claim holds", "该说法成立"},
	"false":    {"the claim is false", "该说法不成立"},
	"ok":       {"ok", "正确"},
	"wrong":    {"WRONG", "错误"},
	"compared": {"%s = %.12g, expected %.12g (tolerance %.0e): %s", "%s = %.12g，期望 %.12g（容差 %.0e）：%s"},
	"listed":   {"%d experiments; x marks a claim that is false. descent lab NAME runs one.", "共 %d 个实验；x 表示说法不成立。运行其中一个：descent lab NAME"},
	"verified": {"%d experiments, %d numbers, %d wrong; %d claims are false", "%d 个实验，%d 个数值，%d 个错误；%d 个说法不成立"},
	"numbers":  {"%2d numbers", "%2d 个数值"},
	"picture":  {"picture: %s", "图：%s"},
	"book":     {"%s: %d experiments", "%s：%d 个实验"},
	"still": {"Its parameters cannot be moved: this program has no engine for pages. In the sources, do go generate ./cmd/descent/internal/engine and build it again.",
		"书中的参数不能移动：这个程序不带网页引擎。请在源码中运行 go generate ./cmd/descent/internal/engine，然后重新编译。"},
	"off":  {"a number is not what it should be", "有数值与期望不符"},
	"offs": {"%d experiments do not give what they should", "有 %d 个实验的结果与期望不符"},
}

// Word is a word of the book, or of what the command lab prints, by its key. A
// key that is not there is a mistake of ours.
func Word(key, lang string) string {
	t, ok := words[key]
	if !ok {
		panic("lab: no word " + key)
	}
	return t.In(lang)
}
