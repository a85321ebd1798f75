"""Golden vectors of dlib's network, made with dlib itself. See README.md.

    python3 make_dlib.py WEIGHTS OUTPUT_FOLDER
"""

import json
import os
import subprocess
import sys

import dlib
import numpy

weights, output = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
network = dlib.face_recognition_model_v1(weights)
for picture in ("noise", "drawing"):
    draw = 'import("./pictures.mjs").then((p) => console.log(JSON.stringify(p.%s(150))))' % picture
    drawn = subprocess.run(["node", "-e", draw], cwd=here, stdout=subprocess.PIPE, check=True)
    pixels = numpy.array(json.loads(drawn.stdout), numpy.uint8).reshape(150, 150, 3)
    features = numpy.array(network.compute_face_descriptor(pixels), "<f4")
    features.tofile(os.path.join(output, "dlib_resnet.%s.f32" % picture))
    print("dlib", dlib.__version__, picture, features[:3])
