#!/usr/bin/env python3
"""Installs one file under another name, below DESTDIR and the prefix.

    install.py FILE WHERE"""
import os, shutil, sys

root = os.environ["MESON_INSTALL_DESTDIR_PREFIX"]
where = os.path.join(root, sys.argv[2])
os.makedirs(os.path.dirname(where), exist_ok=True)
shutil.copyfile(sys.argv[1], where)
os.chmod(where, 0o644)
