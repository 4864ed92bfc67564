# Makes moves.json: a picture moved by scipy's affine_transform, linear, with zeros beyond the edge.
import json
import numpy as np
from scipy.ndimage import affine_transform

x = (np.arange(35).reshape(5, 7) * 37 % 251).astype(float)
middle = np.array([2.0, 3.0])
cases = []
for move in ([1, 0, 0, 1, 0, 0], [1, 0, 0, 1, -1, 2], [1, 0, 0, -1, 0, 0], [0.8, 0.3, -0.4, 1.1, 0.25, -0.6], [0.5, 0, 0, 0.5, 0.7, 0.1], [3, 0, 0, 3, 0, 0], [0, 1, -1, 0, 0.5, 9]):
    yy, yx, xy, xx, y, to = move
    m = np.array([[yy, yx], [xy, xx]])
    offset = middle + np.array([y, to]) - m @ middle
    cases.append({"move": move, "want": affine_transform(x, m, offset, order=1, mode="grid-constant", cval=0.0).flatten().tolist()})
print(json.dumps({"in": x.flatten().tolist(), "cases": cases}))
