# What `cmake --install` adds to the programs, and the Debian package made of it (script/package).
# Programs are linked before they are installed, by whoever wants them: tests are not.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(debian "${PROJECT_SOURCE_DIR}/config/package/debian")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME harriermq)
set(CPACK_PACKAGE_VENDOR "the HarrierMQ contributors")
set(CPACK_PACKAGE_CONTACT "HarrierMQ maintainers <maintainers@harriermq.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "message broker for AMQP 0-9-1 clients of RabbitMQ")
set(CPACK_PACKAGE_DESCRIPTION
    "HarrierMQ speaks AMQP 0-9-1 with the extensions of RabbitMQ, keeps what\n\
it has confirmed over crashes, and has RabbitMQ's metrics.\n\
The service listens for AMQP on all addresses; its first user, guest, is\n\
for this machine only.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.52)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "logrotate, prometheus")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${debian}/conffiles" "${debian}/postinst"
                                       "${debian}/prerm" "${debian}/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES ON)
# /etc lies beside the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)

# Paths depend on the prefix, which `cmake --install --prefix` decides: see there.
configure_file("${PROJECT_SOURCE_DIR}/cmake/install_system_files.cmake.in"
               "${PROJECT_BINARY_DIR}/install_system_files.cmake" @ONLY)
install(SCRIPT "${PROJECT_BINARY_DIR}/install_system_files.cmake")
