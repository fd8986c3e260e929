"""A network small enough to be worked out by hand, written without OpenVINO."""
import struct


def write_network(path):
    """A 1 x 1 convolution of three channels to four and its mean, in OpenVINO's own format."""
    def port(number, shape, kind="FP32", name=""):
        dims = "".join(f"<dim>{size}</dim>" for size in shape)
        return f'<port id="{number}" precision="{kind}"' + (f' names="{name}"' if name else "") + f">{dims}</port>"
    image, convolved = (1, 3, -1, -1), (1, 4, -1, -1)
    path.with_suffix(".bin").write_bytes(struct.pack("<12f2q", *range(-5, 7), 2, 3))
    path.write_text(
        '<?xml version="1.0"?><net name="tiny" version="11"><layers>'
        '<layer id="0" name="images" type="Parameter" version="opset1"><data shape="1,3,?,?" element_type="f32"/>'
        f'<output>{port(0, image, name="images")}</output></layer>'
        '<layer id="1" name="w" type="Const" version="opset1"><data element_type="f32" shape="4, 3, 1, 1" offset="0" '
        f'size="48"/><output>{port(0, (4, 3, 1, 1))}</output></layer>'
        '<layer id="2" name="conv" type="Convolution" version="opset1"><data strides="1, 1" dilations="1, 1" '
        'pads_begin="0, 0" pads_end="0, 0" auto_pad="explicit"/>'
        f'<input>{port(0, image)}{port(1, (4, 3, 1, 1))}</input><output>{port(2, convolved, name="map")}</output></layer>'
        '<layer id="3" name="axes" type="Const" version="opset1"><data element_type="i64" shape="2" offset="48" '
        f'size="16"/><output>{port(0, (2,), "I64")}</output></layer>'
        '<layer id="4" name="mean" type="ReduceMean" version="opset1"><data keep_dims="false"/>'
        f'<input>{port(0, convolved)}{port(1, (2,), "I64")}</input><output>{port(2, (1, 4), name="features")}</output>'
        '</layer>'
        f'<layer id="5" name="r" type="Result" version="opset1"><input>{port(0, (1, 4))}</input></layer>'
        '</layers><edges><edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>'
        '<edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>'
        '<edge from-layer="2" from-port="2" to-layer="4" to-port="0"/>'
        '<edge from-layer="3" from-port="0" to-layer="4" to-port="1"/>'
        '<edge from-layer="4" from-port="2" to-layer="5" to-port="0"/></edges></net>')
    path.with_name(path.name + ".toml").write_text('size = 16\nresize = "stretch"\n')
    return path
