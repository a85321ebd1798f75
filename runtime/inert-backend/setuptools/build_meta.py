"""The build backend interface (PEP 517), answered from the archive's PKG-INFO."""

import os


class _Inert:
    def get_requires_for_build_wheel(self, config_settings=None):
        return []

    def prepare_metadata_for_build_wheel(self, metadata_directory, config_settings=None):
        fields = {}
        with open("PKG-INFO", encoding="utf-8") as info:
            for line in info:
                name, colon, value = line.rstrip("\n").partition(": ")
                if not colon:
                    break
                fields.setdefault(name, value)
        folder = "{Name}-{Version}.dist-info".format(**fields)
        os.mkdir(os.path.join(metadata_directory, folder))
        with open(os.path.join(metadata_directory, folder, "METADATA"), "w", encoding="utf-8") as out:
            out.write("Metadata-Version: 2.1\nName: {Name}\nVersion: {Version}\n".format(**fields))
        return folder


_inert = _Inert()
get_requires_for_build_wheel = _inert.get_requires_for_build_wheel
prepare_metadata_for_build_wheel = _inert.prepare_metadata_for_build_wheel
__legacy__ = _inert
