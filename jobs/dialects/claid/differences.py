"""Where the sources of Claid's contract disagree, or say nothing: what holds here, decided once. README.md says why.

The numbers D1 to D16 are those of its table.
"""

OLD, NEW = "v1-beta1", "v1"
PREFIXES = (OLD, NEW)

# --- D1 to D16 -----------------------------------------------------------------------------------------------------

LONGEST_INPUT = {OLD: 512, NEW: 4096}
"""D1. Characters of `input`."""

# D2, one side with the fit crop, is a rule of the operation `place`.

EXTENSIONS = {"jpeg": "jpeg", "png": "png", "webp": "webp", "avif": "avif", "tiff": "tiff"}
"""D3. What a result's name ends in, and its `ext`, by its format. `format` is the same in capitals."""

# D4, `auto` for both sides, is the same as none: steps.py.

LENIENT = frozenset({OLD})
"""D5. Prefixes under which the fit `{"crop": "smart"}` needs no type, and `decompress: {}` is none at all."""

DEFAULT_CATEGORY = "products"
"""D6. What is looked for where a request does not say."""

# D7: transparency is kept by every format that has it; others get white, as `processing.formats.Output` says.

RESULTS_BESIDE_ERRORS = True
"""D8. Whether a batch that failed in part names the results that there are."""

DEFAULT_CMYK_PROFILE = "USWeb_Coated"
"""D9. The press that CMYK is for where a request does not say."""

# D10: an error's time is a text. D11: of seven statuses four are said, see wire.py.
# D12: what is said of a storage after it was connected has its access key: storages.py. D13: its folder is `path`.
# D14: 400 is said of what is no JSON, and of what could not be fetched or put: errors.py.

TOO_MANY_REQUESTS_TWICE = True
"""D15. Whether 429 says its four members beside `detail` too."""

# D16: links have the scheme and the host that the request came by: views.py.

# --- What no source says -------------------------------------------------------------------------------------------

PADDING_ORDER = ("top", "right", "bottom", "left")
"""Of a padding with four values."""

NOTHING_FOUND = "keep"
"""What becomes of a picture in which nothing is found to cut out: it stays as it is. `fail` makes it an error."""

LONGEST_STEM = 200
"""Characters of a result's name that are taken from an address."""

CREDITS_PER_IMAGE = 1
