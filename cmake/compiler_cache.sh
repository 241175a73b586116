#!/bin/sh
# compiler_cache.sh <repository> <ccache> <compiler> <arguments>: what CMake puts before a compiler.
#
# Paths are taken relative to the repository, so that two clones share one cache; the sloppiness is
# what ccache's manual asks for with precompiled headers.
export CCACHE_BASEDIR="$1" CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
# Leaves behind what builds before CCACHE_DEPEND have stored.
export CCACHE_NAMESPACE=harriermq-depend
shift
# A precompiled header carries sums of the files it was made from, remarks included, and g++ looks
# them up for `#pragma once`: it may come from the cache only if those files are the same, not if
# their preprocessed text is.
case " $* " in *" c++-header "*) export CCACHE_DEPEND=1 ;; esac
exec "$@"
