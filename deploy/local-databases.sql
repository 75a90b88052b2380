-- For docker-compose.local.yml: two databases that cannot see each other. CP's tokens never lie beside Plant's ledger.
CREATE ROLE plant LOGIN PASSWORD 'plant-on-this-machine';
CREATE ROLE cp LOGIN PASSWORD 'cp-on-this-machine';
CREATE DATABASE plant OWNER plant;
CREATE DATABASE cp OWNER cp;
REVOKE CONNECT ON DATABASE plant FROM PUBLIC;
REVOKE CONNECT ON DATABASE cp FROM PUBLIC;
