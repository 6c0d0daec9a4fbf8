#!/usr/bin/env bash
# onnxruntime 1.32.0 on Linux x86-64: creating a CPU session writes a device id and an event database into the
# user's cache folder. Calling disable_telemetry_events() after the import does not prevent it, whereas
# ORT_DISABLE_TELEMETRY=1 in the environment before the import does.
#
# Expected: a CPU inference library writes nothing outside the paths that its caller gives.
# Seen (files under the cache folder after one session):
#   default: 2 files; after disable_telemetry_events(): 2 files; with ORT_DISABLE_TELEMETRY=1: 0 files
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cat > "$folder/model.py" <<'PY'
import sys
from onnx import TensorProto, checker, helper, save

value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "identity", value[:1], value[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
checker.check_model(model)
save(model, sys.argv[1])
PY
cat > "$folder/session.py" <<'PY'
import sys
import onnxruntime

if sys.argv[2:] == ["--disable"]:
    onnxruntime.disable_telemetry_events()
onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
PY
"$folder/venv/bin/python" "$folder/model.py" "$folder/model.onnx"

files_after() {  # NAME VARIABLE=VALUE [ARGUMENT…]: the number of files that one session leaves in an empty home
  local home="$folder/$1" variable=$2
  shift 2
  mkdir -p "$home/cache"
  env -u ORT_DISABLE_TELEMETRY HOME="$home" XDG_CACHE_HOME="$home/cache" "$variable" \
    "$folder/venv/bin/python" "$folder/session.py" "$folder/model.onnx" "$@"
  find "$home" -type f | wc -l
}

default=$(files_after default NONE=0)
disabled=$(files_after disabled NONE=0 --disable)
variable=$(files_after variable ORT_DISABLE_TELEMETRY=1)
echo "default: $default files; after disable_telemetry_events(): $disabled files; with ORT_DISABLE_TELEMETRY=1: $variable files"
[ "$default" -gt 0 ] && [ "$disabled" -gt 0 ] && [ "$variable" -eq 0 ]
