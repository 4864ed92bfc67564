# Makes resize.json: pictures resized by PyTorch 1.13, bilinear with antialiasing.
import json
import torch

x = (torch.arange(35).reshape(1, 1, 5, 7) * 37 % 251).double()
cases = []
for height, width in ((3, 4), (8, 9), (5, 3), (1, 1), (2, 14), (11, 2)):
    y = torch.nn.functional.interpolate(x, size=(height, width), mode="bilinear", align_corners=False, antialias=True)
    cases.append({"height": height, "width": width, "want": y.flatten().tolist()})
print(json.dumps({"in": x.flatten().tolist(), "cases": cases}))
