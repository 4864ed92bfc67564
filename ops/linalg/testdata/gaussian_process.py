"""What scikit-learn finds for the data of Example_gaussianProcess. Prints, with 1.2.1:
[0.99068396 1.10265206 0.03754169] -8.741463228099803"""
import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

x = [-3, -2.5, -2.1, -1.6, -1.2, -0.7, -0.3, 0.2, 0.5, 1.1, 1.4, 1.9, 2.3, 2.8, 3.2]
y = [0.78, -0.23, -0.28, -1.03, -1.24, -1.02, -0.79, 0.29, 0.64, 1.68, 1.13, 0.55, 0.04, -0.51, -0.62]
model = GaussianProcessRegressor(ConstantKernel() * RBF() + WhiteKernel(0.1), n_restarts_optimizer=10, random_state=0)
model.fit(np.array(x)[:, None], y)
print(np.exp(model.kernel_.theta), model.log_marginal_likelihood_value_)
